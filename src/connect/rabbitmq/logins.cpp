#include "connect/rabbitmq/logins.hpp"

#include "connect/rabbitmq/broker.hpp"

namespace exeunt::connect::rabbitmq {

using model::ProbeAnswer;
using model::ProbeMeans;

namespace {

ProbeResult own(ProbeAnswer answer, std::string reason, std::string words) {
  return {answer, ProbeMeans::own, std::move(reason), std::move(words)};
}

}  // namespace

void SeenLogins::note(const std::string& user, base::Secret value) {
  const std::lock_guard guard(mutex_);
  values_.insert_or_assign(user, std::move(value));
}

void SeenLogins::forget(const std::string& user) {
  const std::lock_guard guard(mutex_);
  values_.erase(user);
}

std::optional<base::Secret> SeenLogins::find(const std::string& user) const {
  const std::lock_guard guard(mutex_);
  const auto found = values_.find(user);
  if (found == values_.end()) return std::nullopt;
  return found->second.copy();
}

ProbeResult probe_account(const Api& api, const std::string& name, const SeenLogins& seen, const Until& until) {
  const auto before = user_by_name(api, name, until);
  if (!before) return own(ProbeAnswer::unknown, "not looked up", "the user could not be looked up: " + before.error().text());
  if (!*before) return own(ProbeAnswer::unknown, "no such user", "no user has that name: a refusal would look as one of a wrong password");
  const bool shut = (*before)->is_shut();
  const auto value = seen.find(name);
  if (!value) {
    return own(ProbeAnswer::unknown, shut ? "shut" : "not shut",
               std::string("nothing was tried: no password that this case set was let in before; the broker lists the user ") +
                   (shut ? "without a password and with max-connections 0" : "with a password or with connections allowed"));
  }
  std::string words;
  const PasswordAnswer answer = api.try_password(name, *value, until, words);
  if (answer == PasswordAnswer::taken) return own(ProbeAnswer::admitted, "logged in", "the password that this case set logs in");
  if (answer == PasswordAnswer::unknown) return own(ProbeAnswer::unknown, "no answer", "neither a yes nor a no: " + words);
  if (!shut) {
    return own(ProbeAnswer::unknown, "not shut",
               (*before)->has_password ? "the password that this case set is refused, but the broker lists another"
                                       : "the user has no password, but its connections are not limited to 0: other logins may let it in");
  }
  const auto after = user_by_name(api, name, until);
  if (!after || !*after || !(*after)->is_shut()) {
    return own(ProbeAnswer::unknown, "changed", "the user was changed during the try: try again");
  }
  return own(ProbeAnswer::refused, "Login failed+shut",
             "the password that was let in before is refused, and the user has none any more: " + words);
}

ProbeResult probe_shared_password(const Api& api, const std::string& name, const base::Secret* old_value, const base::Secret* new_value,
                                  const Until& until) {
  if (old_value == nullptr || old_value->empty()) return own(ProbeAnswer::unknown, "no value", "the value that was replaced is not known");
  std::string words;
  const PasswordAnswer answer = api.try_password(name, *old_value, until, words);
  if (answer == PasswordAnswer::taken) return own(ProbeAnswer::admitted, "logged in", "the value logs in");
  if (answer == PasswordAnswer::unknown) return own(ProbeAnswer::unknown, "no answer", "neither a yes nor a no: " + words);
  if (new_value == nullptr || new_value->empty()) {
    return own(ProbeAnswer::unknown, "Login failed", "the value is refused; without the new one logging in, that shows nothing");
  }
  if (api.try_password(name, *new_value, until, words) != PasswordAnswer::taken) {
    return own(ProbeAnswer::unknown, "Login failed", "the old value is refused, but the new one is not taken either: " + words);
  }
  return own(ProbeAnswer::refused, "Login failed", "the old value is refused and the new one logs in");
}

ProbeResult probe_control_login(const Api& api, const Until& until) {
  std::string words;
  if (api.try_password(api.settings().user, api.settings().password, until, words) == PasswordAnswer::taken) {
    return own(ProbeAnswer::admitted, "logged in", "our own user logs in with its password from here");
  }
  return own(ProbeAnswer::unknown, "no login", words);
}

}  // namespace exeunt::connect::rabbitmq
