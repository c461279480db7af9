#include "connect/rabbitmq/logins.hpp"

#include "connect/rabbitmq/broker.hpp"

namespace exeunt::connect::rabbitmq {

using model::ProbeAnswer;

ProbeResult probe_account(const Api& api, const std::string& name, const SeenLogins& seen, const Until& until) {
  const auto before = user_by_name(api, name, until);
  if (!before) return own_answer(ProbeAnswer::unknown, "not looked up", "the user could not be looked up: " + before.error().text());
  if (!*before)
    return own_answer(ProbeAnswer::unknown, "no such user", "no user has that name: a refusal would look as one of a wrong password");
  const bool shut = (*before)->is_shut();
  const auto value = seen.find(name);
  if (!value) {
    return own_answer(
        ProbeAnswer::unknown, shut ? "shut" : "not shut",
        std::string("nothing was tried: this process has not seen a password of the case let in; the broker lists the user ") +
            (shut ? "without a password and with max-connections 0" : "with a password or with connections allowed"));
  }
  std::string words;
  const PasswordAnswer answer = api.try_password(name, *value, until, words);
  if (answer == PasswordAnswer::taken) return own_answer(ProbeAnswer::admitted, "logged in", "the password that this case set logs in");
  if (answer == PasswordAnswer::unknown) return own_answer(ProbeAnswer::unknown, "no answer", "neither a yes nor a no: " + words);
  if (!shut) {
    return own_answer(ProbeAnswer::unknown, "not shut",
                      (*before)->has_password
                          ? "the password that this case set is refused, but the broker lists another"
                          : "the user has no password, but its connections are not limited to 0: other logins may let it in");
  }
  const auto after = user_by_name(api, name, until);
  if (!after || !*after || !(*after)->is_shut()) {
    return own_answer(ProbeAnswer::unknown, "changed", "the user was changed during the try: try again");
  }
  return own_answer(ProbeAnswer::refused, "Login failed+shut",
                    "the password that was let in before is refused, and the user has none any more: " + words);
}

ProbeResult probe_shared_password(const Api& api, const std::string& name, const base::Secret* old_value, const base::Secret* new_value,
                                  const Until& until) {
  return probe_old_and_new(old_value, new_value, "Login failed",
                           [&](const base::Secret& value, std::string& words) { return api.try_password(name, value, until, words); });
}

ProbeResult probe_control_login(const Api& api, const Until& until) {
  return probe_own_login(api.settings().password, [&](const base::Secret& value, std::string& words) {
    return api.try_password(api.settings().user, value, until, words);
  });
}

}  // namespace exeunt::connect::rabbitmq
