// Every way in of a user on one Redis server, with what each listing is worth.
#pragma once

#include <map>
#include <string>

#include "connect/connector.hpp"
#include "connect/redis/sessions.hpp"

namespace exeunt::connect::redis {

/// Where connections began after this connector's last rotation, by the shared user's name: later ones were opened with the new value.
using Rotations = std::map<std::string, Watermark>;

[[nodiscard]] base::Result<AccountListing> list_accounts(const Settings& settings, const Until& until);
[[nodiscard]] base::Result<model::Inventory> list_paths(const Settings& settings, const InventoryRequest& request,
                                                        const Rotations& rotations, const Until& until);

}  // namespace exeunt::connect::redis
