#include "connect/openldap/gate_answer.hpp"

#include <ldap.h>

#include "connect/openldap/password_policy.hpp"

namespace exeunt::connect::openldap {
namespace {

using model::ProbeAnswer;

ProbeResult answer(ProbeAnswer value, std::string reason, std::string words) {
  return {value, model::ProbeMeans::gate, std::move(reason), std::move(words)};
}

/// Active Directory and its kin name the cause in the diagnostic text, but not to everybody alike: noted, never counted.
std::string note_of(const Reply& reply) {
  if (reply.diagnostic.find("data 533") != std::string::npos)
    return "; the server says \"data 533\" (disabled), which is not a declared refusal here";
  if (reply.diagnostic.find("data 52e") != std::string::npos) return "; the server says \"data 52e\" (wrong password)";
  return {};
}

ProbeResult locked(const Lock& lock, base::Time now) {
  const std::string reason = "49+accountLocked";
  if (lock.for_good(now))
    return answer(ProbeAnswer::refused, reason, "the password policy names the account locked, and the lock is for good");
  if (!lock.since.empty()) {
    return answer(ProbeAnswer::unknown, reason, "locked after failed logins, for a time only: no refusal that lasts");
  }
  return answer(ProbeAnswer::unknown, reason, "named locked, but the lock is not ours to read: it may be for a time only");
}

}  // namespace

ProbeResult gate_answer(const Reply& reply, const Lock& lock, base::Time now) {
  if (reply.code == LDAP_SUCCESS) return answer(ProbeAnswer::admitted, "0", "a random password was accepted");
  if (reply.code != LDAP_INVALID_CREDENTIALS) {
    const std::string kind =
        reply.code == LDAP_UNWILLING_TO_PERFORM ? "unwilling to perform: a cause that the living may get too" : "not understood";
    return answer(ProbeAnswer::unknown, std::to_string(reply.code),
                  kind + ": " + code_words(reply.code, reply.diagnostic) + note_of(reply));
  }
  if (!reply.policy)
    return answer(ProbeAnswer::unknown, "49", "no answer of the password policy: an unknown DN, or no policy in force" + note_of(reply));
  const auto policy = parse_password_policy(*reply.policy);
  if (!policy) return answer(ProbeAnswer::unknown, "49+unreadable", "the password policy's answer is malformed");
  if (!policy->error)
    return answer(ProbeAnswer::admitted, "49", "wrong password and no cause named: what a live account gets" + note_of(reply));
  if (*policy->error == k_policy_account_locked) return locked(lock, now);
  return answer(ProbeAnswer::unknown, "49+policy" + std::to_string(*policy->error), "the password policy names another cause");
}

}  // namespace exeunt::connect::openldap
