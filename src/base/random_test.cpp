#include "base/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace exeunt::base {
namespace {

TEST_CASE("random: references differ, carry their prefix and 26 characters of Crockford base32") {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string reference = random_reference(random, "p_");
    CHECK(reference.size() == 28);
    CHECK(reference.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz", 2) == std::string::npos);
    seen.insert(reference);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("random: passwords have their length and only letters and digits, all of them in use") {
  SystemRandom random;
  CHECK(random_password(random, 0).empty());
  const std::string password = random_password(random, 20'000);
  CHECK(password.size() == 20'000);
  CHECK(std::set<char>(password.begin(), password.end()).size() == 62);
  for (const char c : password) CHECK_UNARY((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

/// Counts up: whoever draws from it is the same every time.
class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

TEST_CASE("random: bytes that would favour some letters are not used") {
  CountingRandom random;
  const std::string password = random_password(random, 62 * 8);
  for (const char c : std::set<char>(password.begin(), password.end())) {
    CHECK(std::count(password.begin(), password.end(), c) == 8);
  }
}

}  // namespace
}  // namespace exeunt::base
