// What the OpenLDAP connector can do, as data for the planner. The table for people is in openldap.hpp.
#pragma once

#include "model/catalogue.hpp"

namespace exeunt::connect {

[[nodiscard]] model::Catalogue openldap_catalogue();

}  // namespace exeunt::connect
