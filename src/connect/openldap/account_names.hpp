// Every name under which the directory may still know one account: its DN now, and those that we saw before it was renamed or deleted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connect/openldap/connection.hpp"
#include "connect/openldap/group_membership.hpp"
#include "connect/openldap/settings.hpp"
#include "model/node.hpp"

namespace exeunt::connect::openldap {

struct KnownAs {
  std::optional<Entry> entry;       // the account's entry now; nullopt: deleted
  Names names;                      // the DN now first, then older ones
  std::vector<std::string> reused;  // older DNs that belong to another entry now: nothing under them can be told apart
};
/// `older`: DNs from earlier listings.
[[nodiscard]] base::Result<KnownAs> known_as(Connection& ours, const Settings& settings, const std::string& uuid,
                                             const std::vector<std::string>& older);

}  // namespace exeunt::connect::openldap
