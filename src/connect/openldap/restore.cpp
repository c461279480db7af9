// What an action is about to take, and how it is given back: the account by a new password and the unlock in one modify, groups one by one.
#include <ldap.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/openldap/account_names.hpp"
#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/group_membership.hpp"
#include "connect/openldap/held_connections.hpp"
#include "connect/openldap/openldap.hpp"
#include "connect/openldap/switch_group.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;
using model::Action;
using model::Node;
using model::NodeKind;

constexpr const char* k_lock = "pwdAccountLockedTime";
constexpr const char* k_end = "pwdEndTime";
constexpr const char* k_changed = "pwdChangedTime";
// Facts of a before-image.
constexpr const char* k_fact_end = "valid_until";           // pwdEndTime, where there was one
constexpr const char* k_fact_switched = "in_switch_group";  // "yes": she was in it before, and nobody here takes her out
constexpr const char* k_fact_listed_by = "listed_by";       // attributes of the group that named her

constexpr int k_unlocks_max = 20;                     // of one call: who tries on with an old password may lock the account again at once
constexpr base::Duration k_changed_time_step{1'000};  // what pwdChangedTime counts in

/// Shut as a case leaves it. A lock by failed logins that ends by itself is none.
bool is_shut(const Entry& entry, base::Time now) { return lock_of(entry).for_good(now); }
bool held_out(const Entry& entry, base::Time now) { return !lock_of(entry).since.empty() && !is_shut(entry, now); }

std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t space = std::min(text.find(' ', from), text.size());
    if (space > from) out.push_back(text.substr(from, space - from));
    from = space + 1;
  }
  return out;
}

/// Connections that were bound before the account was shut: the switch group alone keeps them powerless, and leaving it would wake them.
base::Status none_held(Connection& ours, const Settings& settings, const Names& names) {
  EXEUNT_TRY_ASSIGN(const HeldConnections held, list_held_connections(ours, settings, names.dns));
  if (!held.connections.empty())
    return base::fail(Code::failed_precondition,
                      ours.subject() + ": " + counted(held.connections.size(), "connection") +
                          " that were bound before the cut are open still; let in again, the account would give them their rights back",
                      "end them on the server's host (ss -K, or restart slapd), then go on");
  if (held.completeness != model::Completeness::full)
    return base::fail(Code::failed_precondition, ours.subject() + ": connections bound before the cut cannot all be listed: " + held.reason,
                      "let our bind DN read cn=Connections,cn=Monitor");
  return {};
}

/// When its password was last changed, whoever by, and the lock. (The entry's own version says less: a failed login changes it.)
base::Result<std::optional<Entry>> read_password_state(Connection& ours, const std::string& dn) {
  return read_dn(ours, dn, {k_changed, k_lock, k_end});
}

/// Takes the lock by failed logins away, and with it the count of them; the password stays.
base::Status lift_lockout(Connection& ours, const std::string& dn) {
  EXEUNT_TRY_ASSIGN(const Reply reply, ours.modify(dn, {{Change::Kind::remove, k_lock, {}}}));
  if (reply.code == LDAP_SUCCESS || reply.code == LDAP_NO_SUCH_ATTRIBUTE) return {};
  return base::fail(server_error(ours.subject(), "lift the lock by failed logins of " + dn, reply.code, reply.diagnostic));
}

/// One modify: never unlocked without the new password being the only one.
base::Status open_entry(Connection& ours, const Entry& entry, const Node& before, const base::Secret& password) {
  const std::string end = fact(before, k_fact_end);
  std::vector<Change> changes;
  if (!lock_of(entry).since.empty()) changes.push_back({Change::Kind::remove, k_lock, {}});
  changes.push_back({Change::Kind::replace, "userPassword", {password.reveal()}});
  if (!lock_of(entry).end.empty() || !end.empty()) {
    Change validity{Change::Kind::replace, k_end, {}};
    if (!end.empty()) validity.values.emplace_back(end);
    changes.push_back(std::move(validity));
  }
  EXEUNT_TRY_ASSIGN(const Reply reply, ours.modify(entry.dn, changes));
  if (reply.code == LDAP_SUCCESS) return {};
  return base::fail(server_error(ours.subject(), "let in again " + entry.dn, reply.code, reply.diagnostic));
}

}  // namespace

base::Result<BeforeImage> OpenLdap::before(const ApplyRequest& request) {
  EXEUNT_TRY_ASSIGN(Connection ours, open(request.deadline.timeout));
  BeforeImage out;
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, request.target.key.native_id, {fact(request.target, "dn")}));
  if (!known.entry) return out;
  if (request.action == Action::remove_memberships) {
    for (Node node : request.covered) {
      const auto ids = split_membership(node.key.native_id);
      if (!ids) continue;
      EXEUNT_TRY_ASSIGN(const std::string attributes, listed_by(ours, settings_, ids->second, known.names));
      if (attributes.empty()) continue;
      node.facts[k_fact_listed_by] = attributes;
      out.taken.push_back(std::move(node));
    }
    return out;
  }
  if (is_shut(*known.entry, clock_.now())) return out;
  Node account;
  account.key = request.target.key;
  account.label = request.target.label;
  account.facts["dn"] = known.entry->dn;
  if (const std::string end = lock_of(*known.entry).end; !end.empty()) account.facts[k_fact_end] = end;
  EXEUNT_TRY_ASSIGN(const bool switched, in_switch_group(ours, settings_, known.entry->dn));
  if (switched) account.facts[k_fact_switched] = "yes";
  out.taken.push_back(std::move(account));
  return out;
}

base::Result<ApplyOutcome> OpenLdap::apply_restore_account(Connection& ours, const ApplyRequest& request) {
  const Node* const before = target_as_it_was(request);
  if (before == nullptr || request.new_secret == nullptr || request.new_secret->empty())
    return base::fail(Code::invalid_argument, ours.subject() + ": an account is let in again as it was before, by a new password");
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, request.target.key.native_id, {fact(*before, "dn")}));
  if (!known.entry) return base::fail(Code::not_found, ours.subject() + ": the entry was deleted since", "nothing of it comes back");
  // Once it is open, what is held may be new: only what was bound before the cut is looked for.
  if (is_shut(*known.entry, clock_.now())) EXEUNT_TRY(none_held(ours, settings_, known.names));
  EXEUNT_TRY(open_entry(ours, *known.entry, *before, *request.new_secret));
  if (!settings_.switch_group.empty() && fact(*before, k_fact_switched) != "yes")
    for (const std::string& dn : known.names.dns) EXEUNT_TRY(take_out_of_switch_group(ours, settings_, dn));
  EXEUNT_TRY(try_new_password(ours, request, known.entry->dn));
  ApplyOutcome outcome;
  outcome.acknowledged.push_back(request.target.id());
  outcome.words = "unlocked with a new password in one modify, out of the switch group";
  return outcome;
}

base::Status OpenLdap::try_new_password(Connection& ours, const ApplyRequest& request, const std::string& dn) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable nothing;
  (void)clock_.wait_for(lock, nothing, k_changed_time_step, [] { return false; });
  auto tried = Connection::open(settings_, clock_, request.deadline.timeout);
  if (!tried) return {};  // the look tells it
  for (int unlocked = 0;; ++unlocked) {
    EXEUNT_TRY_ASSIGN(const auto entry, read_password_state(ours, dn));
    const auto reply = tried->bind(dn, *request.new_secret);
    if (!entry || !reply) return {};
    if (reply->code == LDAP_SUCCESS) {
      const std::lock_guard guard(let_in_mutex_);
      let_in_changed_[request.target.key.native_id] = entry->first(k_changed);
      return {};
    }
    EXEUNT_TRY_ASSIGN(const auto now, read_password_state(ours, dn));
    if (!now || !held_out(*now, clock_.now()) || unlocked == k_unlocks_max) return {};
    EXEUNT_TRY(lift_lockout(ours, dn));
  }
}

base::Result<ApplyOutcome> OpenLdap::apply_restore_memberships(Connection& ours, const ApplyRequest& request) {
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, request.target.key.native_id, {}));
  if (!known.entry) return base::fail(Code::not_found, ours.subject() + ": the entry was deleted since", "nothing of it comes back");
  ApplyOutcome outcome;
  for (const Node& covered : request.covered) {
    const auto ids = split_membership(covered.key.native_id);
    if (!ids || ids->first != request.target.key.native_id)
      return base::fail(Code::invalid_argument,
                        ours.subject() + ": " + base::escape_terminal(covered.key.native_id) + " is no membership of this account");
    EXEUNT_TRY(join_group(ours, settings_, ids->second, known.names, words_in(fact(covered, k_fact_listed_by))));
    outcome.acknowledged.push_back(covered.id());
  }
  outcome.words = counted(outcome.acknowledged.size(), "membership") + " given back";
  return outcome;
}

base::Result<RestoreLook> OpenLdap::look_restored(const ApplyRequest& request) {
  EXEUNT_TRY_ASSIGN(Connection ours, open(request.deadline.timeout));
  RestoreLook out;
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, request.target.key.native_id, {}));
  if (!known.entry) {
    for (const Node& covered : request.covered) out.gone.push_back(covered.id());
    out.words = "the entry was deleted";
    return out;
  }
  if (request.action == Action::restore_account) return look_at_restored_account(ours, request, *known.entry);
  for (const Node& covered : request.covered) {
    const auto ids = split_membership(covered.key.native_id);
    if (!ids)
      return base::fail(Code::invalid_argument, ours.subject() + ": no membership: " + base::escape_terminal(covered.key.native_id));
    const auto listed = is_listed(ours, settings_, ids->second, known.names);
    if (!listed && listed.error().code != Code::not_found) return base::fail(listed.error());
    if (!listed)
      out.gone.push_back(covered.id());
    else if (*listed)
      out.there.push_back(covered.id());
  }
  out.words = std::to_string(out.there.size()) + " of " + counted(request.covered.size(), "group") + " list the entry";
  return out;
}

base::Result<RestoreLook> OpenLdap::look_at_restored_account(Connection& ours, const ApplyRequest& request, const Entry& entry) {
  RestoreLook out;
  out.old_way = Presence::absent;
  const Node* const before = target_as_it_was(request);
  const bool switched_before = before != nullptr && fact(*before, k_fact_switched) == "yes";
  EXEUNT_TRY_ASSIGN(const bool switched, in_switch_group(ours, settings_, entry.dn));
  if (is_shut(entry, clock_.now())) {
    out.words = "locked";
    return out;
  }
  if (!switched || switched_before) out.there.push_back(request.target.id());
  out.words = switched && !switched_before ? "unlocked, and still in the switch group" : "unlocked";
  if (request.new_secret == nullptr) return out;
  // The modify that unlocks replaces every value by this one: that it is let in shows that the modify is the one that stands.
  out.old_way = Presence::unknown;
  EXEUNT_TRY_ASSIGN(Connection tried, Connection::open(settings_, clock_, request.deadline.timeout));
  const auto reply = tried.bind(entry.dn, *request.new_secret);
  if (!reply) {
    out.words += "; the new password could not be tried: " + reply.error().what;
  } else if (reply->code == LDAP_SUCCESS) {
    out.old_way = Presence::absent;
    out.words += "; the new password is let in, and replaced every other";
  } else if (reply->code == LDAP_INVALID_CREDENTIALS) {
    EXEUNT_TRY(look_at_refusal(ours, request, entry, out));
  } else {
    out.words += "; the new password: " + code_words(reply->code, reply->diagnostic);
  }
  return out;
}

base::Status OpenLdap::look_at_refusal(Connection& ours, const ApplyRequest& request, const Entry& entry, RestoreLook& out) {
  EXEUNT_TRY_ASSIGN(const auto now, read_password_state(ours, entry.dn));
  if (!now || !held_out(*now, clock_.now())) {
    out.old_way = Presence::present;
    out.words += "; the new password is not the account's: whatever is, opens it";
    return {};
  }
  std::string changed;
  {
    const std::lock_guard guard(let_in_mutex_);
    if (const auto known = let_in_changed_.find(request.target.key.native_id); known != let_in_changed_.end()) changed = known->second;
  }
  if (!changed.empty() && now->first(k_changed) == changed) {
    out.old_way = Presence::absent;
    out.words +=
        "; the new password was let in, and the password is unchanged since; failed logins lock the account for a while: stop what tries "
        "on "
        "with the old password, or let an administrator lift pwdAccountLockedTime";
    return {};
  }
  out.words +=
      "; the new password cannot be told right or wrong while failed logins lock the account: stop what tries on with the old password, "
      "then "
      "go on";
  return {};
}

}  // namespace exeunt::connect::openldap
