// What PostgreSQL can do and how well an ending on it can be shown, as data.
#pragma once

#include "model/catalogue.hpp"

namespace exeunt::connect {

/// With a login gate (probes.md): the best that the kind can do. An instance without one gets `postgresql_catalogue_without_gate`.
[[nodiscard]] model::Catalogue postgresql_catalogue();
/// Accounts are then read back at best, and that is said.
[[nodiscard]] model::Catalogue postgresql_catalogue_without_gate();

}  // namespace exeunt::connect
