// A simulated system promises what the real one of its model does, and says that it is simulated.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/catalogue.hpp"

namespace exeunt::connect::simulated {

/// "openldap", "postgresql", "openssh"; anything else: invalid_argument.
[[nodiscard]] base::Result<model::Catalogue> catalogue_of(std::string_view system_model);
/// Kinds of path that the server lists below an account.
[[nodiscard]] std::vector<model::NodeKind> listed_kinds(std::string_view system_model);

}  // namespace exeunt::connect::simulated
