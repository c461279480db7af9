// Login tries that prove something: the password that this case set, and the values of a rotated shared secret.
#pragma once

#include <string>

#include "connect/password_tries.hpp"
#include "connect/rabbitmq/api.hpp"

namespace exeunt::connect::rabbitmq {

/// admitted: the password that this case set is let in. refused: it was let in before and is not any more, while the user has no password and
/// no connection allowed, before and after the try. unknown for all else: a user that the broker lists with a password was not tried by that
/// (observe() says present).
[[nodiscard]] ProbeResult probe_account(const Api& api, const std::string& name, const SeenLogins& seen, const Until& until);
/// Old and new value of a shared user's password (probe_old_and_new).
[[nodiscard]] ProbeResult probe_shared_password(const Api& api, const std::string& name, const base::Secret* old_value,
                                                const base::Secret* new_value, const Until& until);
/// Our own user with its password: the living are let in from here.
[[nodiscard]] ProbeResult probe_control_login(const Api& api, const Until& until);

}  // namespace exeunt::connect::rabbitmq
