// What our user may do on a server, what is missing, and what follows from it.
#pragma once

#include "connect/connector.hpp"
#include "connect/redis/wire.hpp"

namespace exeunt::connect::redis {

[[nodiscard]] base::Result<CheckReport> check_server(const Settings& settings, const base::Clock& clock, const Until& until);

}  // namespace exeunt::connect::redis
