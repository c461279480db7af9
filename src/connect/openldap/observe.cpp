// State now, by the directory's own listings. Absence counts only where the same listing shows something that must be there.
#include <algorithm>

#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/openldap/account_names.hpp"
#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/group_membership.hpp"
#include "connect/openldap/held_connections.hpp"
#include "connect/openldap/openldap.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;
using model::Grade;
using model::NodeKind;

Observation seen(Presence presence, std::string words) { return {presence, Grade::read_back, std::move(words)}; }

}  // namespace

base::Result<Observation> OpenLdap::observe(const model::Node& target, const Deadline& deadline) {
  if (target.key.system != settings_.system) {
    return base::fail(Code::invalid_argument,
                      settings_.system.text() + ": " + base::escape_terminal(target.id().text()) + " is of another system");
  }
  EXEUNT_TRY_ASSIGN(Connection ours, open(deadline.timeout));
  if (target.key.kind == NodeKind::account) return observe_account(ours, target);
  if (target.key.kind == NodeKind::session) return observe_session(ours, target, deadline.timeout);
  if (target.key.kind == NodeKind::membership) return observe_membership(ours, target);
  return base::fail(Code::unimplemented,
                    settings_.system.text() + ": a directory has no " + std::string(model::name(target.key.kind)) + " to observe");
}

base::Result<Observation> OpenLdap::observe_account(Connection& ours, const model::Node& target) {
  EXEUNT_TRY_ASSIGN(const auto entry, find_entry(ours, settings_, target.key.native_id, account_attributes(settings_)));
  if (!entry) return seen(Presence::absent, "no entry with this entryUUID under " + settings_.base_dn);
  const Lock lock = lock_of(*entry);
  if (lock.for_good(clock_.now())) return seen(Presence::absent, "the entry says that it is locked for good");
  if (!lock.since.empty()) return seen(Presence::present, "locked after failed logins only: time undoes that");
  return seen(Presence::present, "the entry says that it is not locked");
}

base::Result<Observation> OpenLdap::observe_session(Connection& ours, const model::Node& target, base::Duration timeout) {
  const std::string bound_dn = fact(target, "bound_dn");
  if (bound_dn.empty()) return seen(Presence::unknown, "the session came without the DN that it was bound with");
  EXEUNT_TRY_ASSIGN(const HeldConnections held, list_held_connections(ours, settings_, {bound_dn}));
  const std::string number = fact(target, "connection");
  const auto same = [&](const HeldConnection& each) {
    return each.endpoint == target.key.native_id && (number.empty() || number == each.number);
  };
  const auto found = std::find_if(held.connections.begin(), held.connections.end(), same);
  if (found == held.connections.end()) {
    if (held.completeness != model::Completeness::full) return seen(Presence::unknown, held.reason);
    return seen(Presence::absent, "gone from cn=Connections,cn=Monitor");
  }
  EXEUNT_TRY_ASSIGN(const bool switched, in_switch_group(ours, settings_, found->bound_dn));
  if (!switched) return seen(Presence::present, "open, and its DN is not in the switch group");
  const SwitchProof proof = switch_proof(ours, timeout);
  if (proof.answer == SwitchProof::Answer::works) {
    return seen(Presence::absent, "still open, without rights: its DN is in the switch group, and " + proof.words);
  }
  if (proof.answer == SwitchProof::Answer::unknown) return seen(Presence::unknown, "still open; " + proof.words);
  return seen(Presence::present, "still open, and its rights with it: " + proof.words);
}

base::Result<Observation> OpenLdap::observe_membership(Connection& ours, const model::Node& target) {
  const auto ids = split_membership(target.key.native_id);
  if (!ids)
    return base::fail(Code::invalid_argument, ours.subject() + ": " + base::escape_terminal(target.key.native_id) + " is no membership");
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, ids->first, {fact(target, "dn")}));
  const auto listed = is_listed(ours, settings_, ids->second, known.names);
  if (!listed && listed.error().code == Code::not_found) return seen(Presence::absent, "the group no longer exists");
  if (!listed && listed.error().code == Code::failed_precondition) return seen(Presence::unknown, listed.error().text());
  if (!listed) return base::fail(listed.error());
  return *listed ? seen(Presence::present, "the group lists the account") : seen(Presence::absent, "the group does not list the account");
}

}  // namespace exeunt::connect::openldap
