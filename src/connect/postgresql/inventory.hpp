// Every way in of an account on one PostgreSQL server, with what each listing is worth.
#pragma once

#include <map>
#include <string>

#include "connect/connector.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

/// Instant of the server's clock (microseconds) of the last rotation by this connector, by the shared role's OID: sessions that began later
/// were opened with the new value and are nobody's way in.
using Rotations = std::map<std::string, std::int64_t>;

[[nodiscard]] base::Result<AccountListing> list_accounts(const Settings& settings, const Until& until);
[[nodiscard]] base::Result<model::Inventory> list_paths(const Settings& settings, const InventoryRequest& request,
                                                        const Rotations& rotations, const Until& until);

}  // namespace exeunt::connect::postgresql
