#include "connect/redis/logins.hpp"

#include "connect/redis/acl.hpp"

namespace exeunt::connect::redis {

using model::ProbeAnswer;
using model::ProbeMeans;

namespace {

ProbeResult own(ProbeAnswer answer, std::string reason, std::string words) {
  return {answer, ProbeMeans::own, std::move(reason), std::move(words)};
}

/// What the ACL says of the user now; an error in words where it cannot be read.
struct Look {
  bool known = false;
  std::optional<AclUser> user;
  std::string words;
};
Look look_up(const Settings& settings, const std::string& name, const Until& until) {
  Look look;
  auto connection = open_own(settings, until);
  if (!connection) {
    look.words = connection.error().text();
    return look;
  }
  auto user = user_by_name(**connection, name, until);
  if (!user) {
    look.words = user.error().text();
    return look;
  }
  look.known = true;
  look.user = std::move(*user);
  return look;
}

bool is_shut_with(const Look& look, const std::string& hash) {
  return look.known && look.user && !look.user->on && look.user->holds_only(hash);
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

ProbeResult probe_account(const Settings& settings, const std::string& name, const SeenLogins& seen, const Until& until) {
  const Look before = look_up(settings, name, until);
  if (!before.known) return own(ProbeAnswer::unknown, "not looked up", "the ACL could not be read: " + before.words);
  if (!before.user)
    return own(ProbeAnswer::unknown, "no such user", "no user has that name: a refusal would look as one of a wrong password");
  const std::string listed = before.user->on ? "on" : "off";
  const auto value = seen.find(name);
  if (!value) {
    return own(ProbeAnswer::unknown, listed,
               "nothing was tried: no password that this case set was let in before; the ACL lists the user as " + listed);
  }
  std::string words;
  const PasswordAnswer answer = try_password(settings, name, *value, until, words);
  if (answer == PasswordAnswer::taken) return own(ProbeAnswer::admitted, "logged in", "the password that this case set logs in");
  if (answer == PasswordAnswer::unknown) return own(ProbeAnswer::unknown, "no answer", "neither a yes nor a no: " + words);
  if (before.user->on) {
    return own(ProbeAnswer::unknown, "on", "the password that this case set is refused, but the ACL lists the user as on, with others");
  }
  // Only a password that was the user's own on both sides of the try was not refused for being wrong.
  const std::string hash = password_hash(*value);
  if (!is_shut_with(before, hash)) {
    return own(ProbeAnswer::unknown, "other password", "the user is off, but the password that this case set is not its only one any more");
  }
  if (!is_shut_with(look_up(settings, name, until), hash)) {
    return own(ProbeAnswer::unknown, "changed", "the user was changed during the try: try again");
  }
  return own(ProbeAnswer::refused, "WRONGPASS+off",
             "the user's only password, let in before the user was set off, is refused now: " + words);
}

ProbeResult probe_shared_password(const Settings& settings, const std::string& name, const base::Secret* old_value,
                                  const base::Secret* new_value, const Until& until) {
  if (old_value == nullptr || old_value->empty()) return own(ProbeAnswer::unknown, "no value", "the value that was replaced is not known");
  std::string words;
  const PasswordAnswer answer = try_password(settings, name, *old_value, until, words);
  if (answer == PasswordAnswer::taken) return own(ProbeAnswer::admitted, "logged in", "the value logs in");
  if (answer == PasswordAnswer::unknown) return own(ProbeAnswer::unknown, "no answer", "neither a yes nor a no: " + words);
  if (new_value == nullptr || new_value->empty()) {
    return own(ProbeAnswer::unknown, "WRONGPASS", "the value is refused; without the new one logging in, that shows nothing");
  }
  if (try_password(settings, name, *new_value, until, words) != PasswordAnswer::taken) {
    return own(ProbeAnswer::unknown, "WRONGPASS", "the old value is refused, but the new one is not taken either: " + words);
  }
  return own(ProbeAnswer::refused, "WRONGPASS", "the old value is refused and the new one logs in");
}

ProbeResult probe_control_login(const Settings& settings, const Until& until) {
  std::string words;
  if (try_password(settings, settings.user, settings.password, until, words) == PasswordAnswer::taken) {
    return own(ProbeAnswer::admitted, "logged in", "our own user logs in with its password from here");
  }
  return own(ProbeAnswer::unknown, "no login", words);
}

}  // namespace exeunt::connect::redis
