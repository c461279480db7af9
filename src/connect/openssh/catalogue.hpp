// What can be done on an OpenSSH host and how well an ending can be shown there; the table in openssh.hpp says the same for people.
#pragma once

#include "model/catalogue.hpp"

namespace exeunt::connect {

[[nodiscard]] model::Catalogue openssh_catalogue();

}  // namespace exeunt::connect
