// Tasks for people as a kind of system.
#pragma once

#include "model/catalogue.hpp"

namespace exeunt::connect {

[[nodiscard]] model::Catalogue attest_catalogue();

}  // namespace exeunt::connect
