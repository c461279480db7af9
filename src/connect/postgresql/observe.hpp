// State now of one path, by the best listing that the server has.
#pragma once

#include "connect/connector.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

[[nodiscard]] base::Result<Observation> observe_node(const Settings& settings, const model::Node& target, const Until& until);

}  // namespace exeunt::connect::postgresql
