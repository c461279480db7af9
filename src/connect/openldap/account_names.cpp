#include "connect/openldap/account_names.hpp"

#include <algorithm>

#include "connect/openldap/directory_entry.hpp"

namespace exeunt::connect::openldap {

base::Result<KnownAs> known_as(Connection& ours, const Settings& settings, const std::string& uuid, const std::vector<std::string>& older) {
  KnownAs known;
  EXEUNT_TRY_ASSIGN(known.entry, find_entry(ours, settings, uuid, account_attributes(settings)));
  if (known.entry) {
    known.names.dns.push_back(known.entry->dn);
    known.names.logins = known.entry->values("uid");
  }
  for (const std::string& dn : older) {
    if (dn.empty() || std::find(known.names.dns.begin(), known.names.dns.end(), dn) != known.names.dns.end()) continue;
    EXEUNT_TRY_ASSIGN(const auto holder, read_dn(ours, dn, {"entryUUID"}));
    if (!holder) {
      known.names.dns.push_back(dn);
    } else if (holder->first("entryUUID") != uuid) {
      known.reused.push_back(dn);
    }
  }
  return known;
}

}  // namespace exeunt::connect::openldap
