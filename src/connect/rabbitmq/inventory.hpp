// Every way in of a user on one broker, with what each listing is worth.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "connect/connector.hpp"
#include "connect/rabbitmq/broker.hpp"

namespace exeunt::connect::rabbitmq {

/// Broker's clock (ms) of this connector's last rotation, by the shared user's name: later connections were opened with the new value.
using Rotations = std::map<std::string, std::int64_t>;

[[nodiscard]] base::Result<AccountListing> list_accounts(const Api& api, const Until& until);
[[nodiscard]] base::Result<model::Inventory> list_paths(const Api& api, const InventoryRequest& request, const Rotations& rotations,
                                                        const Until& until);
/// Shovels and federation upstreams, by API; an empty list where those plugins are not there.
[[nodiscard]] base::Result<std::vector<Automation>> automations(const Api& api, const Until& until);

}  // namespace exeunt::connect::rabbitmq
