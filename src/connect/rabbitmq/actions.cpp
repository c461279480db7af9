#include "connect/rabbitmq/actions.hpp"

#include <functional>
#include <set>

#include "connect/answers.hpp"
#include "connect/rabbitmq/broker.hpp"

namespace exeunt::connect::rabbitmq {

using base::Code;
using base::fail;
using base::JsonObject;
using base::Result;
using base::Status;
using model::NodeKind;

namespace {

constexpr int k_rounds_max = 20;
constexpr base::Duration k_look_again{300};  // a closed connection leaves the table when its client has answered
constexpr std::int64_t k_clock_step_ms = 1'000;

std::string joined(const std::vector<std::string>& tags) {
  std::string out;
  for (const std::string& tag : tags) out += (out.empty() ? "" : ",") + tag;
  return out;
}

Result<const base::Secret*> value_of(const Api& api, const ApplyRequest& request) {
  if (request.new_secret != nullptr && !request.new_secret->empty()) return request.new_secret;
  return fail(Code::invalid_argument,
              api.settings().system.text() + ": " + std::string(model::name(request.action)) + " needs the new value",
              "see the action's needs_secret");
}

/// 404 on a change of what was there a moment ago.
Status must_exist(const Api& api, Result<bool> changed) {
  if (!changed) return fail(changed.error());
  if (*changed) return {};
  return fail(Code::aborted, api.settings().system.text() + ": the user was deleted during the call", "repeat");
}

struct Ended {
  std::set<std::string> ended, left;
  int calls = 0;
};
using Old = std::function<bool(const Link&)>;

/// Closes until two listings in a row show none that is old. By user where all of them are; else one by one.
Result<Ended> close_old(const Api& api, const std::string& user, const Old& is_old, bool all, const Until& until) {
  Ended result;
  int rounds_without = 0;
  for (int round = 0; round < k_rounds_max && rounds_without < 2; ++round) {
    auto listing = links_of(api, user, until);
    if (!listing) return fail(result.calls > 0 ? after_an_effect(listing.error()) : listing.error());
    result.left.clear();
    for (const Link& link : listing->links) {
      if (!is_old(link)) continue;
      result.left.insert(link.endpoint());
      result.ended.insert(link.endpoint());
      if (all) continue;
      EXEUNT_TRY(api.remove({"connections", link.name}, until));
      ++result.calls;
    }
    rounds_without = result.left.empty() ? rounds_without + 1 : 0;
    if (all && !result.left.empty()) {
      EXEUNT_TRY(api.remove({"connections", "username", user}, until));
      ++result.calls;
    }
    if (rounds_without < 2 && !until.pause(k_look_again)) break;
  }
  for (const std::string& endpoint : result.left) result.ended.erase(endpoint);
  return result;
}

std::string words_of(const Ended& ended) {
  return counted(ended.ended.size(), "connection") + " closed" +
         (ended.left.empty() ? "" : ", " + std::to_string(ended.left.size()) + " still there");
}

}  // namespace

Result<ApplyOutcome> lock_account(const Api& api, const ApplyRequest& request, SeenLogins& seen, const Until& until) {
  const std::string& name = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const base::Secret* value, value_of(api, request));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api, name, until));
  ApplyOutcome outcome;
  outcome.acknowledged = {request.target.id()};
  if (!user) {
    outcome.words = "no such user any more";
    return outcome;
  }
  if (user->is_shut() && user->tags.empty()) {
    outcome.words = "no password and no connection allowed already";
    return outcome;
  }
  EXEUNT_TRY(must_exist(api, api.put({"users", name}, JsonObject{{"password", value->reveal()}, {"tags", ""}}, until)));
  seen.forget(name);
  std::string words;
  const bool let_in = api.try_password(name, *value, until, words) == PasswordAnswer::taken;
  if (let_in) seen.note(name, value->copy());
  // Also stops a handshake that had passed its login, and logins that ask for no password.
  auto limited = must_exist(api, api.put({"user-limits", name, "max-connections"}, JsonObject{{"value", 0}}, until));
  if (!limited) return fail(after_an_effect(limited.error()));
  auto cleared = must_exist(api, api.put({"users", name}, JsonObject{{"password_hash", ""}, {"tags", ""}}, until));
  if (!cleared) return fail(after_an_effect(cleared.error()));
  outcome.calls = 3;
  outcome.words = std::string("password, tags and connections taken") +
                  (let_in ? "; the case's own password was let in before" : "; the case's own password was not let in before");
  return outcome;
}

Result<ApplyOutcome> end_sessions(const Api& api, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Ended ended, close_old(api, request.target.key.native_id, [](const Link&) { return true; }, true, until));
  ApplyOutcome outcome;
  for (const model::Node& node : request.covered) {
    if (node.key.kind == NodeKind::session && ended.left.count(node.key.native_id) == 0) outcome.acknowledged.push_back(node.id());
  }
  if (ended.left.empty()) outcome.acknowledged.push_back(request.target.id());
  outcome.calls = ended.calls;
  outcome.words = words_of(ended);
  return outcome;
}

Result<ApplyOutcome> rotate_secret(const Api& api, const ApplyRequest& request, std::optional<std::int64_t>& rotated_ms,
                                   const Until& until) {
  const std::string& name = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const base::Secret* value, value_of(api, request));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api, name, until));
  if (!user) return fail(Code::not_found, api.settings().system.text() + ": no user is called " + name, "mend the policy's secrets table");
  ApplyOutcome outcome;
  std::string words;
  // A repeat of a rotation that has arrived must not close the connections that were opened with the new value since.
  const bool arrived = rotated_ms && api.try_password(name, *value, until, words) == PasswordAnswer::taken;
  if (!arrived) {
    EXEUNT_TRY(must_exist(api, api.put({"users", name}, JsonObject{{"password", value->reveal()}, {"tags", joined(user->tags)}}, until)));
    ++outcome.calls;
    auto now = api.server_time(until);
    if (!now) return fail(after_an_effect(now.error()));
    // The broker tells whole seconds. Nobody has the new value before this call returns.
    rotated_ms = now->time_since_epoch().count() + k_clock_step_ms;
  }
  const auto is_old = [&](const Link& link) { return link.connected_at_ms ? *link.connected_at_ms <= *rotated_ms : !arrived; };
  auto ended = close_old(api, name, is_old, !arrived, until);
  if (!ended) return fail(after_an_effect(ended.error()));
  outcome.calls += ended->calls;
  outcome.words = "password of the shared user replaced, " + words_of(*ended);
  outcome.acknowledged = {request.target.id()};
  for (const model::Node& node : request.covered) {
    if (node.key.kind == NodeKind::session && ended->left.empty()) outcome.acknowledged.push_back(node.id());
  }
  return outcome;
}

Result<ApplyOutcome> delete_account(const Api& api, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const bool deleted, api.remove({"users", request.target.key.native_id}, until));
  ApplyOutcome outcome;
  outcome.calls = 1;
  outcome.acknowledged = {request.target.id()};
  outcome.words = deleted ? "user deleted, with permissions and connections" : "the user was deleted already";
  return outcome;
}

}  // namespace exeunt::connect::rabbitmq
