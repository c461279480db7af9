// What Glewlwyd can do and how well an ending on it can be shown, as data.
#pragma once

#include "model/catalogue.hpp"

namespace exeunt::connect {

[[nodiscard]] model::Catalogue glewlwyd_catalogue();

}  // namespace exeunt::connect
