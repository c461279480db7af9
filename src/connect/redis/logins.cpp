#include "connect/redis/logins.hpp"

#include "connect/redis/acl.hpp"

namespace exeunt::connect::redis {

using model::ProbeAnswer;

namespace {

/// What the ACL says of the user now.
base::Result<std::optional<AclUser>> look_up(const Settings& settings, const std::string& name, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  return user_by_name(*connection, name, until);
}

bool is_shut_with(const base::Result<std::optional<AclUser>>& look, const std::string& hash) {
  return look && *look && !(*look)->on && (*look)->holds_only(hash);
}

}  // namespace

ProbeResult probe_account(const Settings& settings, const std::string& name, const SeenLogins& seen, const Until& until) {
  const auto before = look_up(settings, name, until);
  if (!before) return own_answer(ProbeAnswer::unknown, "not looked up", "the ACL could not be read: " + before.error().text());
  if (!*before)
    return own_answer(ProbeAnswer::unknown, "no such user", "no user has that name: a refusal would look as one of a wrong password");
  const std::string listed = (*before)->on ? "on" : "off";
  const auto value = seen.find(name);
  if (!value) {
    return own_answer(ProbeAnswer::unknown, listed,
                      "nothing was tried: this process has not seen a password of the case let in; the ACL lists the user as " + listed);
  }
  std::string words;
  const PasswordAnswer answer = try_password(settings, name, *value, until, words);
  if (answer == PasswordAnswer::taken) return own_answer(ProbeAnswer::admitted, "logged in", "the password that this case set logs in");
  if (answer == PasswordAnswer::unknown) return own_answer(ProbeAnswer::unknown, "no answer", "neither a yes nor a no: " + words);
  if ((*before)->on) {
    return own_answer(ProbeAnswer::unknown, "on",
                      "the password that this case set is refused, but the ACL lists the user as on, with others");
  }
  // Only a password that was the user's own on both sides of the try was not refused for being wrong.
  const std::string hash = password_hash(*value);
  if (!is_shut_with(before, hash)) {
    return own_answer(ProbeAnswer::unknown, "other password",
                      "the user is off, but the password that this case set is not its only one any more");
  }
  if (!is_shut_with(look_up(settings, name, until), hash)) {
    return own_answer(ProbeAnswer::unknown, "changed", "the user was changed during the try: try again");
  }
  return own_answer(ProbeAnswer::refused, "WRONGPASS+off",
                    "the user's only password, let in before the user was set off, is refused now: " + words);
}

ProbeResult probe_shared_password(const Settings& settings, const std::string& name, const base::Secret* old_value,
                                  const base::Secret* new_value, const Until& until) {
  return probe_old_and_new(old_value, new_value, "WRONGPASS", [&](const base::Secret& value, std::string& words) {
    return try_password(settings, name, value, until, words);
  });
}

ProbeResult probe_control_login(const Settings& settings, const Until& until) {
  return probe_own_login(settings.password, [&](const base::Secret& value, std::string& words) {
    return try_password(settings, settings.user, value, until, words);
  });
}

}  // namespace exeunt::connect::redis
