#include <functional>
#include <set>

#include "connect/answers.hpp"
#include "connect/glewlwyd/operations.hpp"

namespace exeunt::connect::glewlwyd {

using base::Code;
using base::Error;
using base::fail;
using base::Json;
using base::JsonObject;
using base::Result;
using base::Status;
using model::Action;
using model::Node;
using model::NodeKind;

namespace {

/// A part of the action took effect before this error: "certainly no effect" would be untrue.
Error after_an_effect(Error error, int calls) {
  if (calls > 0 && error.code == Code::unavailable) {
    error.code = Code::outcome_unknown;
    error.what += "; a part of the action had taken effect";
  }
  return error;
}

/// The provider's own switch, and with a new value the password too: a disabled account whose password still stands comes back whole.
Result<ApplyOutcome> lock(Api& api, const ApplyRequest& request, const Account& account, const Until& until) {
  ApplyOutcome outcome;
  EXEUNT_TRY_ASSIGN(const bool writable, is_writable(api, account, until));
  if (!writable) {
    if (!account.locked_for_good()) {
      return fail(Code::failed_precondition,
                  api.subject() + ": this account's sign-in is checked by the source \"" + account.source +
                      "\", which the provider may not write, and no lock is seen there",
                  api.settings().lock_property.empty()
                      ? "lock the account at its source; set lock_property so that the lock is seen from here"
                      : "lock the account at its source, then repeat");
    }
    outcome.acknowledged = {request.target.id()};
    outcome.words = "the lock at the source \"" + account.source + "\" shuts the sign-in here too";
    return outcome;
  }
  JsonObject changed = account.whole;
  changed["enabled"] = false;
  std::string text = base::canonical_json(Json(std::move(changed)));
  if (request.new_secret != nullptr) {
    text.back() = ',';  // into the object's text, not into the object: copies of that would not be wiped
    text += "\"password\":";
    base::append_json_string(text, request.new_secret->reveal());
    text += '}';
  }
  const base::Secret body(std::move(text));
  EXEUNT_TRY(api.change(net::Method::put, api.api().path("user").segment(account.login).query("source", account.source), &body, until));
  outcome.calls = 1;
  outcome.acknowledged = {request.target.id()};
  outcome.words = request.new_secret != nullptr ? "account disabled, its password replaced" : "account disabled";
  return outcome;
}

using Listing = std::function<Result<HeldListing>(Api&, const std::string&, const Until&)>;
using Ending = std::function<Status(Api&, const std::string&, const std::string&, const Until&)>;

/// All that are there now, then a fresh listing says which of the covered are over.
Result<ApplyOutcome> end_all(Api& api, const ApplyRequest& request, const Account& account, NodeKind kind, const Listing& list,
                             const Ending& end, const Until& until) {
  ApplyOutcome outcome;
  EXEUNT_TRY_ASSIGN(const HeldListing before, list(api, account.login, until));
  for (const Held& held : before.entries) {
    if (!held.enabled) continue;
    const Status ended = end(api, account.login, held.hash, until);
    // Expired or ended by herself in between.
    if (!ended && ended.error().code != Code::not_found) return fail(after_an_effect(ended.error(), outcome.calls));
    ++outcome.calls;
  }
  const auto after = list(api, account.login, until);
  if (!after) return fail(after_an_effect(after.error(), outcome.calls));
  std::set<std::string> live;
  for (const Held& held : after->entries) {
    if (held.enabled) live.insert(held_id(account.id, held.hash));
  }
  for (const Node& node : request.covered) {
    const bool access_tokens = node.key.native_id == held_id(account.id, k_access_tokens);
    if (node.key.kind == kind && !access_tokens && live.count(node.key.native_id) == 0) outcome.acknowledged.push_back(node.id());
  }
  if (live.empty()) outcome.acknowledged.push_back(request.target.id());
  outcome.words =
      counted(outcome.calls, kind == NodeKind::session ? "session" : "refresh token") + (kind == NodeKind::session ? " ended" : " revoked");
  if (!live.empty()) outcome.words += ", " + std::to_string(live.size()) + " still there";
  return outcome;
}

Result<ApplyOutcome> revoke_grants(Api& api, const ApplyRequest& request, const Account& account, const Until& until) {
  ApplyOutcome outcome;
  EXEUNT_TRY_ASSIGN(const std::vector<std::string> clients, list_grants(api, account.login, until));
  for (const std::string& client : clients) {
    if (const Status revoked = revoke_grant(api, account.login, client, until); !revoked) {
      return fail(after_an_effect(revoked.error(), outcome.calls));
    }
    ++outcome.calls;
  }
  for (const Node& node : request.covered) {
    if (node.key.kind == NodeKind::grant) outcome.acknowledged.push_back(node.id());
  }
  outcome.acknowledged.push_back(request.target.id());
  outcome.words = counted(outcome.calls, "consent") + " revoked";
  return outcome;
}

}  // namespace

Result<ApplyOutcome> apply_action(Api& api, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto account, find_account(api, request.target.key.native_id, login_hint(request.target), until));
  const bool locks = request.action == Action::disable_account || request.action == Action::lock_and_replace;
  if (!account) {
    if (!locks) {
      return fail(
          Code::failed_precondition,
          api.subject() + ": the provider does not know the account any more; what it held cannot be listed, and comes back with it",
          "let the directory's filter show the account to the provider until its sessions and tokens are ended, then repeat");
    }
    ApplyOutcome outcome;
    outcome.acknowledged = {request.target.id()};
    outcome.words = "the provider does not know the account any more";
    return outcome;
  }
  switch (request.action) {
    case Action::disable_account:
    case Action::lock_and_replace: return lock(api, request, *account, until);
    case Action::end_sessions: return end_all(api, request, *account, NodeKind::session, list_sessions, end_session, until);
    case Action::revoke_tokens: return end_all(api, request, *account, NodeKind::token, list_refresh_tokens, revoke_refresh_token, until);
    case Action::revoke_grants: return revoke_grants(api, request, *account, until);
    case Action::replace_password:
    case Action::revoke_keys:
    case Action::revoke_certificates:
    case Action::remove_memberships:
    case Action::revoke_delegations:
    case Action::rotate_secret:
    case Action::transfer_ownership:
    case Action::delete_account:
    case Action::wipe_device:
    case Action::release_licence:
    case Action::attest:
    case Action::review:
    case Action::restore_account:
    case Action::restore_memberships:
    case Action::restore_grants: break;
  }
  return fail(Code::unimplemented, api.subject() + ": this system has no " + std::string(model::name(request.action)));
}

}  // namespace exeunt::connect::glewlwyd
