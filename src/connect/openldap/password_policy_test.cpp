#include "connect/openldap/password_policy.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "base/bytes.hpp"

namespace exeunt::connect::openldap {

TEST_CASE("openldap: the password policy's answer is read from its bytes, or not at all") {
  struct Row {
    const char* hex;
    bool good;
    int error;  // -1: none
  };
  const Row rows[] = {
      {"3000", true, -1},                 // measured: alive, wrong password
      {"3003810101", true, 1},            // measured: locked
      {"3003810100", true, 0},            // expired
      {"3003810108", true, 8},            // in history
      {"3005a003800101", true, -1},       // warning: seconds before expiration
      {"3005a003810103", true, -1},       // warning: grace logins
      {"3008a003800101810102", true, 2},  // both
      {"", false, 0},
      {"30", false, 0},
      {"3001", false, 0},          // says one byte, has none
      {"300381010100", false, 0},  // trailing byte
      {"30038101", false, 0},
      {"3003810109", false, 0},  // no such error
      {"30048102 0001", false, 0},
      {"300481020001", false, 0},          // two bytes of enumerated
      {"30028100", false, 0},              // none
      {"3006810101810101", false, 0},      // twice
      {"3008810102a003800101", false, 0},  // out of order
      {"3003820101", false, 0},            // unknown member
      {"3103810101", false, 0},            // a set
      {"308103810101", false, 0},          // long form of a short length
      {"3005a003820101", false, 0},        // unknown warning
      {"3002a000", false, 0},              // empty warning
      {"3004a0028000", false, 0},          // warning without a value
      {"30800000", false, 0},              // indefinite
      {"30ff", false, 0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.hex);
    const auto bytes = base::from_hex(row.hex);
    const auto answer = parse_password_policy(bytes ? *bytes : base::Bytes{0xFF});
    REQUIRE(answer.has_value() == row.good);
    if (row.good) CHECK((answer->error ? static_cast<int>(*answer->error) : -1) == row.error);
  }
}

TEST_CASE("openldap: no short string of bytes but the one form says that an account is locked") {
  std::size_t locked = 0;
  for (unsigned value = 0; value < 0x1000000; value += 1) {
    const std::uint8_t bytes[] = {0x30, 0x03, static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8),
                                  static_cast<std::uint8_t>(value)};
    const auto answer = parse_password_policy(bytes);
    if (answer && answer->error == k_policy_account_locked) ++locked;
  }
  CHECK(locked == 1);
}

}  // namespace exeunt::connect::openldap
