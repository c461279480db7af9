// Login tries that prove something: the password that this case set, and the values of a rotated shared secret.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "connect/connector.hpp"
#include "connect/rabbitmq/api.hpp"

namespace exeunt::connect::rabbitmq {

/// Passwords that this process set and saw let in, by user: the admission before the cut, without which no later refusal means anything.
/// Lost when the process ends.
class SeenLogins {
 public:
  void note(const std::string& user, base::Secret value);
  /// A new cut begins: what was let in before an earlier one does not vouch for it.
  void forget(const std::string& user);
  [[nodiscard]] std::optional<base::Secret> find(const std::string& user) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, base::Secret> values_;
};

/// admitted: the password that this case set is let in. refused: it was let in before and is not any more, while the user has no password and
/// no connection allowed, before and after the try. unknown for all else: a user that the broker lists with a password was not tried by that
/// (observe() says present).
[[nodiscard]] ProbeResult probe_account(const Api& api, const std::string& name, const SeenLogins& seen, const Until& until);
/// Old and new value of a shared user's password. refused: the old one is and the new one logs in, in this order, from here, now.
[[nodiscard]] ProbeResult probe_shared_password(const Api& api, const std::string& name, const base::Secret* old_value,
                                                const base::Secret* new_value, const Until& until);
/// Our own user with its password: the living are let in from here.
[[nodiscard]] ProbeResult probe_control_login(const Api& api, const Until& until);

}  // namespace exeunt::connect::rabbitmq
