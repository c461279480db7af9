#include "base/random.hpp"

#include <sodium.h>

#include "base/check.hpp"

namespace exeunt::base {

void SystemRandom::fill(std::span<std::uint8_t> out) {
  // libsodium's own generator, seeded by the kernel once a thread: every entry has a salt, and a system call for each would show.
  static const bool ready = randombytes_set_implementation(&randombytes_internal_implementation) == 0 && sodium_init() >= 0;
  EXEUNT_CHECK(ready);
  randombytes_buf(out.data(), out.size());
}

std::string random_reference(Random& random, std::string_view prefix) {
  constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford
  std::uint8_t bytes[26];
  random.fill(bytes);
  std::string out(prefix);
  for (const std::uint8_t byte : bytes) out.push_back(alphabet[byte & 31U]);
  return out;
}

std::string random_password(Random& random, std::size_t length) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::uint8_t fair_below = 248;  // 4 * 62: bytes past it would favour the first letters
  std::string out;
  std::uint8_t bytes[64];
  while (out.size() < length) {
    random.fill(bytes);
    for (const std::uint8_t byte : bytes) {
      if (byte < fair_below && out.size() < length) out.push_back(alphabet[byte % alphabet.size()]);
    }
  }
  sodium_memzero(bytes, sizeof bytes);
  return out;
}

}  // namespace exeunt::base
