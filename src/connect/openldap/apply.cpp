// What changes the directory. Every action finds the entry by entryUUID first: a DN is only a name.
#include <utility>

#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/openldap/account_names.hpp"
#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/group_membership.hpp"
#include "connect/openldap/openldap.hpp"
#include "connect/openldap/password_and_lock.hpp"
#include "connect/openldap/switch_group.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;
using model::Action;
using model::NodeKind;

std::vector<std::string> names_seen(const ApplyRequest& request) {
  std::vector<std::string> seen{fact(request.target, "dn")};
  for (const model::Node& covered : request.covered)
    seen.push_back(fact(covered, covered.key.kind == NodeKind::session ? "bound_dn" : "dn"));
  return seen;
}

base::Status check_request(const ApplyRequest& request, const Settings& settings, const model::Catalogue& catalogue) {
  const std::string subject = settings.system.text();
  const std::string action(model::name(request.action));
  const model::ActionSpec* spec = catalogue.find(request.action);
  if (spec == nullptr && request.action != Action::restore_account && request.action != Action::restore_memberships)
    return base::fail(Code::unimplemented, subject + ": " + action + " is not among the actions of an OpenLDAP directory");
  if (request.target.key.system != settings.system || request.target.key.kind != NodeKind::account) {
    return base::fail(Code::invalid_argument, subject + ": " + action + " names an account of this system");
  }
  if (spec != nullptr && spec->needs_secret && (request.new_secret == nullptr || request.new_secret->empty())) {
    return base::fail(Code::invalid_argument, subject + ": " + action + " came without a new secret");
  }
  return {};
}

}  // namespace

base::Result<ApplyOutcome> OpenLdap::apply(const ApplyRequest& request) {
  EXEUNT_TRY(check_request(request, settings_, catalogue_));
  EXEUNT_TRY_ASSIGN(Connection ours, open(request.deadline.timeout));
  base::Result<ApplyOutcome> outcome = base::fail(Code::unimplemented, "unreachable");
  switch (request.action) {
    case Action::lock_and_replace:
    case Action::replace_password: outcome = apply_to_password(ours, request); break;
    case Action::disable_account: outcome = apply_lock(ours, request); break;
    case Action::end_sessions: outcome = apply_end_sessions(ours, request); break;
    case Action::remove_memberships: outcome = apply_remove_memberships(ours, request); break;
    case Action::restore_account: outcome = apply_restore_account(ours, request); break;
    case Action::restore_memberships: outcome = apply_restore_memberships(ours, request); break;
    default: break;  // check_request let only the catalogue's actions through
  }
  if (outcome) outcome->calls = ours.calls();
  // "No effect" can be said of the last request only; an earlier modify of the same action may stand.
  if (!outcome && outcome.error().code == Code::unavailable && ours.writes() > 0) outcome.error().code = Code::outcome_unknown;
  return outcome;
}

base::Result<ApplyOutcome> OpenLdap::apply_to_password(Connection& ours, const ApplyRequest& request) {
  const bool lock = request.action == Action::lock_and_replace;
  std::string before;
  if (lock && !settings_.switch_group.empty()) {
    // First, so that a held connection cannot change the password in between and thereby clear the lock.
    EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, request.target.key.native_id, names_seen(request)));
    for (const std::string& dn : known.names.dns) {
      if (const auto put = put_into_switch_group(ours, settings_, dn); !put) {
        if (put.error().code == Code::outcome_unknown) return base::fail(put.error());
        before = "; held connections keep their rights: " + put.error().what;
      }
    }
  }
  EXEUNT_TRY_ASSIGN(const PasswordOutcome done,
                    set_password_and_lock(ours, settings_, request.target.key.native_id, {request.new_secret, lock}));
  ApplyOutcome outcome;
  outcome.words = done.words + before;
  outcome.acknowledged.push_back(request.target.id());
  return outcome;
}

base::Result<ApplyOutcome> OpenLdap::apply_lock(Connection& ours, const ApplyRequest& request) {
  ApplyOutcome outcome;
  outcome.acknowledged.push_back(request.target.id());
  EXEUNT_TRY_ASSIGN(const auto entry, find_entry(ours, settings_, request.target.key.native_id, {}));
  if (!entry) {
    outcome.words = "the entry no longer exists";
    return outcome;
  }
  EXEUNT_TRY_ASSIGN(const Reply reply, ours.modify(entry->dn, {{Change::Kind::replace, "pwdAccountLockedTime", {k_locked_for_good}}}));
  if (reply.code != 0) return base::fail(server_error(ours.subject(), "lock " + entry->dn, reply.code, reply.diagnostic));
  outcome.words = "locked for good; the password and held connections are as before";
  return outcome;
}

base::Result<ApplyOutcome> OpenLdap::apply_end_sessions(Connection& ours, const ApplyRequest& request) {
  const std::string& uuid = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, uuid, names_seen(request)));
  for (const std::string& dn : known.names.dns) EXEUNT_TRY(put_into_switch_group(ours, settings_, dn));
  ApplyOutcome outcome;
  outcome.acknowledged.push_back(request.target.id());
  std::size_t left_out = 0;
  for (const model::Node& covered : request.covered) {
    if (covered.key.kind != NodeKind::session) continue;
    EXEUNT_TRY_ASSIGN(const bool switched, in_switch_group(ours, settings_, fact(covered, "bound_dn")));
    if (switched) {
      outcome.acknowledged.push_back(covered.id());
    } else {
      ++left_out;
    }
  }
  outcome.words = std::to_string(outcome.acknowledged.size() - 1) +
                  " held connections without rights: " + std::to_string(known.names.dns.size()) + " names in the switch group";
  if (left_out > 0) outcome.words += "; " + std::to_string(left_out) + " left alone, because their DN belongs to another entry now";

  if (const std::size_t current = known.entry ? 1 : 0; known.names.dns.size() > current) {
    outcome.words += "; a name that no entry has now is among them: take it out before somebody else is given that name";
  }

  // A held connection may have changed the password before the switch, which clears the lock. Only a lock of ours is set again: its mark is
  // the end of validity that lock_and_replace writes. Where that could not be written, the engine's own re-probe finds it.
  EXEUNT_TRY_ASSIGN(const auto entry, find_entry(ours, settings_, uuid, account_attributes(settings_)));
  if (entry && lock_of(*entry).end == k_ended_long_ago && lock_of(*entry).since != k_locked_for_good) {
    EXEUNT_TRY_ASSIGN(const PasswordOutcome relocked, set_password_and_lock(ours, settings_, uuid, {nullptr, true}));
    outcome.words += "; the lock had been cleared meanwhile and was set again (" + relocked.words + ")";
  }
  return outcome;
}

base::Result<ApplyOutcome> OpenLdap::apply_remove_memberships(Connection& ours, const ApplyRequest& request) {
  const std::string& uuid = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, uuid, names_seen(request)));
  ApplyOutcome outcome;
  outcome.acknowledged.push_back(request.target.id());
  for (const model::Node& covered : request.covered) {
    if (covered.key.kind != NodeKind::membership) continue;
    const auto ids = split_membership(covered.key.native_id);
    if (!ids || ids->first != uuid) {
      return base::fail(Code::invalid_argument,
                        ours.subject() + ": " + base::escape_terminal(covered.key.native_id) + " is no membership of this account");
    }
    EXEUNT_TRY(leave_group(ours, settings_, ids->second, known.names));
    outcome.acknowledged.push_back(covered.id());
  }
  outcome.words = std::to_string(outcome.acknowledged.size() - 1) + " memberships removed";
  return outcome;
}

}  // namespace exeunt::connect::openldap
