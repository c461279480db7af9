#include "connect/openldap/password_policy.hpp"

#include <cstddef>

namespace exeunt::connect::openldap {
namespace {

constexpr std::uint8_t k_sequence = 0x30;
constexpr std::uint8_t k_warning = 0xA0;  // [0] CHOICE, constructed
constexpr std::uint8_t k_error = 0x81;    // [1] ENUMERATED, primitive
constexpr std::uint8_t k_time_before_expiration = 0x80, k_grace_remaining = 0x81;
constexpr std::uint8_t k_error_max = 8;  // passwordInHistory; nothing above it is defined
constexpr std::size_t k_length_short_max = 0x7F, k_integer_bytes_max = 5;

struct Member {
  std::uint8_t tag = 0;
  std::span<const std::uint8_t> value;
};

/// Takes one tag-length-value from the front of `rest`. The whole value is far below 128 bytes: a long-form length is not ours.
std::optional<Member> take(std::span<const std::uint8_t>& rest) {
  if (rest.size() < 2 || rest[1] > k_length_short_max) return std::nullopt;
  const std::size_t length = rest[1];
  if (rest.size() - 2 < length) return std::nullopt;
  const Member member{rest[0], rest.subspan(2, length)};
  rest = rest.subspan(2 + length);
  return member;
}

bool is_warning(std::span<const std::uint8_t> value) {
  const auto choice = take(value);
  return choice && value.empty() && (choice->tag == k_time_before_expiration || choice->tag == k_grace_remaining) &&
         !choice->value.empty() && choice->value.size() <= k_integer_bytes_max;
}

}  // namespace

std::optional<PasswordPolicyAnswer> parse_password_policy(std::span<const std::uint8_t> bytes) {
  auto rest = bytes;
  const auto sequence = take(rest);
  if (!sequence || sequence->tag != k_sequence || !rest.empty()) return std::nullopt;
  auto members = sequence->value;
  PasswordPolicyAnswer answer;
  bool warned = false;
  while (!members.empty()) {
    const auto member = take(members);
    if (!member) return std::nullopt;
    if (member->tag == k_warning && !warned && !answer.error) {
      if (!is_warning(member->value)) return std::nullopt;
      warned = true;
    } else if (member->tag == k_error && !answer.error) {
      if (member->value.size() != 1 || member->value[0] > k_error_max) return std::nullopt;
      answer.error = member->value[0];
    } else {
      return std::nullopt;
    }
  }
  return answer;
}

}  // namespace exeunt::connect::openldap
