// Login tries that prove something: the password that this case set, and the values of a rotated shared secret.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "connect/connector.hpp"
#include "connect/redis/wire.hpp"

namespace exeunt::connect::redis {

/// Passwords that this process set and saw let in, by user: the admission before the cut, without which no later WRONGPASS means anything.
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

/// admitted: the password that this case set is let in. refused: it was let in before and is not any more, while the user is off and that
/// password is its only one, before and after the try. unknown for all else: WRONGPASS alone says nothing, and a user that the ACL lists as
/// on was not tried by that (observe() says present).
[[nodiscard]] ProbeResult probe_account(const Settings& settings, const std::string& name, const SeenLogins& seen, const Until& until);
/// Old and new value of a shared user's password. refused: the old one is and the new one logs in, in this order, from here, now.
[[nodiscard]] ProbeResult probe_shared_password(const Settings& settings, const std::string& name, const base::Secret* old_value,
                                                const base::Secret* new_value, const Until& until);
/// A fresh login of our own user with its password: the living are let in from here.
[[nodiscard]] ProbeResult probe_control_login(const Settings& settings, const Until& until);

}  // namespace exeunt::connect::redis
