// Login tries that prove something: the password that this case set, and the values of a rotated shared secret.
#pragma once

#include <string>

#include "connect/password_tries.hpp"
#include "connect/redis/wire.hpp"

namespace exeunt::connect::redis {

/// admitted: the password that this case set is let in. refused: it was let in before and is not any more, while the user is off and that
/// password is its only one, before and after the try. unknown for all else: WRONGPASS alone says nothing, and a user that the ACL lists as
/// on was not tried by that (observe() says present).
[[nodiscard]] ProbeResult probe_account(const Settings& settings, const std::string& name, const SeenLogins& seen, const Until& until);
/// Old and new value of a shared user's password (probe_old_and_new).
[[nodiscard]] ProbeResult probe_shared_password(const Settings& settings, const std::string& name, const base::Secret* old_value,
                                                const base::Secret* new_value, const Until& until);
/// A fresh login of our own user with its password: the living are let in from here.
[[nodiscard]] ProbeResult probe_control_login(const Settings& settings, const Until& until);

}  // namespace exeunt::connect::redis
