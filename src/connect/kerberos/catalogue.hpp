// What MIT Kerberos can do and how well an ending on it can be shown, as data.
#pragma once

#include "model/catalogue.hpp"

namespace exeunt::connect {

[[nodiscard]] model::Catalogue kerberos_catalogue();

}  // namespace exeunt::connect
