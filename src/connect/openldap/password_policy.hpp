// The answer of the password policy overlay to a bind (draft-behera-ldap-password-policy-10 §6.2), read from its BER bytes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace exeunt::connect::openldap {

/// Values of `error` in PasswordPolicyResponseValue that matter here.
inline constexpr std::uint8_t k_policy_account_locked = 1;

struct PasswordPolicyAnswer {
  std::optional<std::uint8_t> error;  // absent: the policy names no cause
};

/// nullopt for anything but exactly one well-formed PasswordPolicyResponseValue: trailing bytes, unknown members, a member twice, an error
/// outside 0..8 and long-form lengths that short form could say are all refused, so that nothing is guessed.
[[nodiscard]] std::optional<PasswordPolicyAnswer> parse_password_policy(std::span<const std::uint8_t> bytes);

}  // namespace exeunt::connect::openldap
