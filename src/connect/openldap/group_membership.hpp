// Groups that list an account: found, looked at, left. The switch group is never one of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connect/openldap/connection.hpp"
#include "connect/openldap/settings.hpp"

namespace exeunt::connect::openldap {

/// What a group may call one account: the DNs that are (and were) its own, and its logins (memberUid, RFC 2307).
struct Names {
  std::vector<std::string> dns;
  std::vector<std::string> logins;
};
struct Groups {
  std::vector<Entry> entries;  // entryUUID, cn, objectClass
  bool cut = false;
  std::string reason;
};
[[nodiscard]] base::Result<Groups> groups_of(Connection& ours, const Settings& settings, const Names& names);
/// Whether the group lists one of the names. not_found: no such group. failed_precondition: a group that must have members shows us none.
[[nodiscard]] base::Result<bool> is_listed(Connection& ours, const Settings& settings, std::string_view group_uuid, const Names& names);
/// Removes every value that names the account; ok when there is none, or no such group. A group that may not be empty keeps an empty member.
/// failed_precondition for the switch group.
[[nodiscard]] base::Status leave_group(Connection& ours, const Settings& settings, std::string_view group_uuid, const Names& names);
/// The attributes by which the group names the account, separated by spaces; "" where it does not, or is gone.
[[nodiscard]] base::Result<std::string> listed_by(Connection& ours, const Settings& settings, std::string_view group_uuid,
                                                  const Names& names);
/// Adds the account under its present name to these attributes of the group; ok where it is there. not_found: no such group. invalid_argument: an
/// attribute by which no group names an account. failed_precondition for the switch group.
[[nodiscard]] base::Status join_group(Connection& ours, const Settings& settings, std::string_view group_uuid, const Names& names,
                                      const std::vector<std::string>& attributes);
/// entryUUIDs of the members of these groups (DN-valued members only).
[[nodiscard]] base::Result<std::vector<std::string>> members_of(Connection& ours, const std::vector<std::string>& group_dns);

/// "<account entryUUID>:<group entryUUID>"; nullopt for anything else.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> split_membership(std::string_view native_id);

}  // namespace exeunt::connect::openldap
