// Reach and rights of our own role on one server.
#pragma once

#include "base/clock.hpp"
#include "connect/connector.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

[[nodiscard]] base::Result<CheckReport> check_server(const Settings& settings, const base::Clock& clock, const Until& until);

}  // namespace exeunt::connect::postgresql
