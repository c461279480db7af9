// The gate: one bind with a random password. Never a password of hers, and at most one try a call.
#include <ldap.h>

#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/gate_answer.hpp"
#include "connect/openldap/openldap.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;
using model::NodeKind;
using model::ProbeAnswer;
using model::ProbeMeans;
using model::ProbeMoment;

constexpr std::size_t k_random_password_length = 32;
constexpr std::size_t k_failures_before_a_try_max = 1;  // with ours 2: under half of the usual pwdMaxFailure of 5

ProbeResult unknown(ProbeMeans means, std::string words) { return {ProbeAnswer::unknown, means, {}, std::move(words)}; }

}  // namespace

base::Result<Reply> OpenLdap::try_gate(const std::string& dn, base::Duration timeout) {
  EXEUNT_TRY_ASSIGN(Connection gate, Connection::open(settings_, clock_, timeout));
  const base::Secret guess(base::random_password(random_, k_random_password_length));
  return gate.bind(dn, guess);
}

base::Result<ProbeResult> OpenLdap::probe(const ProbeRequest& request) {
  if (request.target.key.kind != NodeKind::account || request.means != ProbeMeans::gate) {
    return unknown(ProbeMeans::none, "no probe of that kind: this path is observed");
  }
  if (request.moment == ProbeMoment::before) {
    return unknown(ProbeMeans::gate, "not tried: on a live account a try counts as a failed login; the control identity stands for it");
  }
  auto ours = open(request.deadline.timeout);
  if (!ours) return unknown(ProbeMeans::gate, ours.error().text());
  const auto entry = find_entry(*ours, settings_, request.target.key.native_id, account_attributes(settings_));
  if (!entry) return unknown(ProbeMeans::gate, entry.error().text());
  if (!*entry) return unknown(ProbeMeans::gate, "no entry with this entryUUID: an unknown DN gets no answer that means something");
  const Lock lock = lock_of(**entry);
  if (!lock.any(clock_.now()) && lock.failures > k_failures_before_a_try_max) {
    return unknown(ProbeMeans::gate, "not tried: " + std::to_string(lock.failures) +
                                         " failed logins stand against the account, and it shows no lock; "
                                         "one more could make the refusal that it reports");
  }
  const auto reply = try_gate((*entry)->dn, request.deadline.timeout);
  if (!reply) return unknown(ProbeMeans::gate, reply.error().text());
  return gate_answer(*reply, lock, clock_.now());
}

base::Result<ProbeResult> OpenLdap::probe_control(const ProbeRequest& request) {
  if (settings_.control_dn.empty() || request.target.key.kind != NodeKind::account || request.means != ProbeMeans::gate) {
    return base::fail(Code::unimplemented, settings_.system.text() + ": no control for that kind and means",
                      "name control_dn and control_credential: without them nothing is graded refused");
  }
  const auto identical = try_gate(settings_.control_dn, request.deadline.timeout);
  if (!identical) return unknown(ProbeMeans::gate, identical.error().text());
  ProbeResult result = gate_answer(*identical, Lock{}, clock_.now());
  if (result.answer != ProbeAnswer::admitted) {
    result.words = "control identity: " + result.words;
    return result;
  }
  auto own = Connection::open(settings_, clock_, request.deadline.timeout);
  if (!own) return unknown(ProbeMeans::gate, own.error().text());
  const auto bound = own->bind(settings_.control_dn, settings_.control_credential);
  if (!bound) return unknown(ProbeMeans::gate, bound.error().text());
  if (bound->code != LDAP_SUCCESS) {
    return unknown(ProbeMeans::gate,
                   "the control identity is not admitted with its own password: " + code_words(bound->code, bound->diagnostic));
  }
  result.reason = "49, then 0";
  result.words = "control identity: a random password gets 49 and no cause, its own password is admitted";
  return result;
}

}  // namespace exeunt::connect::openldap
