// State of one path now, and what our user may do on a broker.
#pragma once

#include "connect/connector.hpp"
#include "connect/rabbitmq/api.hpp"

namespace exeunt::connect::rabbitmq {

[[nodiscard]] base::Result<Observation> observe_node(const Api& api, const model::Node& target, const Until& until);
[[nodiscard]] base::Result<CheckReport> check_broker(const Api& api, const base::Clock& clock, const Until& until);

}  // namespace exeunt::connect::rabbitmq
