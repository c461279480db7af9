#include "connect/rabbitmq/restore.hpp"

#include <algorithm>
#include <charconv>

#include "connect/answers.hpp"
#include "connect/rabbitmq/broker.hpp"

namespace exeunt::connect::rabbitmq {

using base::Code;
using base::fail;
using base::JsonObject;
using base::Result;
using model::Node;

namespace {

// Facts of a before-image.
constexpr const char* k_tags = "tags";                        // separated by commas
constexpr const char* k_connections_max = "connections_max";  // where there was a limit

std::string joined(std::vector<std::string> tags) {
  std::sort(tags.begin(), tags.end());
  std::string out;
  for (const std::string& tag : tags) out += (out.empty() ? "" : ",") + tag;
  return out;
}

std::optional<std::int64_t> limit_of(const Node& before) {
  const std::string text = fact(before, k_connections_max);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

tl::unexpected<base::Error> deleted_since(const Api& api) {
  return fail(Code::not_found, api.settings().system.text() + ": the user was deleted since", "nothing of it comes back");
}

}  // namespace

Result<BeforeImage> image_before(const Api& api, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api, request.target.key.native_id, until));
  BeforeImage out;
  if (!user || user->connections_max == 0) return out;
  Node account;
  account.key = request.target.key;
  account.label = user->name;
  account.facts[k_tags] = joined(user->tags);
  if (user->connections_max) account.facts[k_connections_max] = std::to_string(*user->connections_max);
  out.taken.push_back(std::move(account));
  return out;
}

Result<ApplyOutcome> restore_account(const Api& api, const ApplyRequest& request, const Until& until) {
  const std::string& name = request.target.key.native_id;
  const Node* const before = target_as_it_was(request);
  if (before == nullptr || request.new_secret == nullptr || request.new_secret->empty())
    return fail(Code::invalid_argument, api.settings().system.text() + ": a user is let in again as it was before, by a new password");
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api, name, until));
  if (!user) return deleted_since(api);
  // While no connection is allowed the new password lets nobody in: it goes first.
  EXEUNT_TRY_ASSIGN(
      const bool set,
      api.put({"users", name}, JsonObject{{"password", request.new_secret->reveal()}, {"tags", fact(*before, k_tags)}}, until));
  if (!set) return deleted_since(api);
  const auto limit = limit_of(*before);
  const auto opened = limit ? api.put({"user-limits", name, "max-connections"}, JsonObject{{"value", *limit}}, until)
                            : api.remove({"user-limits", name, "max-connections"}, until);
  if (!opened) return fail(after_an_effect(opened.error()));
  ApplyOutcome outcome;
  outcome.calls = 2;
  outcome.acknowledged = {request.target.id()};
  outcome.words = "new password, tags and limit of connections as they were";
  return outcome;
}

Result<RestoreLook> look_restored(const Api& api, const ApplyRequest& request, const Until& until) {
  const std::string& name = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api, name, until));
  RestoreLook out;
  out.old_way = Presence::absent;
  if (!user) {
    for (const Node& node : request.covered) out.gone.push_back(node.id());
    out.words = "the user was deleted";
    return out;
  }
  out.words = "no connection allowed";
  if (user->connections_max == 0) return out;
  const Node* const before = target_as_it_was(request);
  const bool whole = user->has_password && (before == nullptr || joined(user->tags) == fact(*before, k_tags));
  if (whole) out.there.push_back(request.target.id());
  out.words = whole ? "tags and connections as they were" : "connections allowed, other tags than it had";
  if (request.new_secret == nullptr) return out;
  // A user has one password: where this one is taken, no other is.
  std::string words;
  switch (api.try_password(name, *request.new_secret, until, words)) {
    case PasswordAnswer::taken: out.words += "; the new password is let in, and a user has one"; break;
    case PasswordAnswer::refused:
      out.old_way = Presence::present;
      out.words += "; the new password is not the user's: whatever is, opens it";
      break;
    case PasswordAnswer::unknown:
      out.old_way = Presence::unknown;
      out.words += "; the new password could not be tried: " + words;
      break;
  }
  return out;
}

}  // namespace exeunt::connect::rabbitmq
