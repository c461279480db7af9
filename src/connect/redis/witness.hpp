// A session of ours as her user: logged in with the password that this case set, held until the server ends it (Witness).
#pragma once

#include <memory>

#include "connect/connector.hpp"
#include "connect/redis/wire.hpp"

namespace exeunt::connect::redis {

/// Logs in with HELLO, which names the connection's immutable id and which a user without any right may go on to ask. failed_precondition:
/// refused, or not listed.
[[nodiscard]] base::Result<std::unique_ptr<Witness>> hold_session(const Settings& settings, const base::Clock& clock,
                                                                  const std::string& user, const base::Secret& password,
                                                                  const Until& until);

}  // namespace exeunt::connect::redis
