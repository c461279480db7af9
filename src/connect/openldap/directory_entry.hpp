// Entries of the directory as Exeunt reads them: found by entryUUID, with what the password policy keeps on them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "connect/openldap/connection.hpp"
#include "connect/openldap/settings.hpp"
#include "model/node.hpp"

namespace exeunt::connect::openldap {

inline constexpr std::string_view k_locked_for_good = "000001010000Z";   // pwdAccountLockedTime that no time undoes
inline constexpr std::string_view k_ended_long_ago = "19700101000000Z";  // pwdEndTime that we set

/// What the entry says of its own lock. Both attributes are empty where they are absent or not ours to read.
struct Lock {
  std::string since;  // pwdAccountLockedTime
  std::string end;    // pwdEndTime
  std::size_t failures = 0;
  [[nodiscard]] bool for_good(base::Time now) const;  // no time and no forgotten failure ends it
  [[nodiscard]] bool any(base::Time now) const { return !since.empty() || for_good(now); }
};
[[nodiscard]] Lock lock_of(const Entry& entry);
/// GeneralizedTime (RFC 4517 3.3.13) in UTC before `now`; false for anything else.
[[nodiscard]] bool is_past(std::string_view generalized_time, base::Time now);
/// The instant of a GeneralizedTime in UTC, in whole seconds; nullopt for anything else.
[[nodiscard]] std::optional<base::Time> time_of(std::string_view generalized_time);

/// The text form of RFC 4122, either case. Anything else is never put into a filter.
[[nodiscard]] bool is_uuid(std::string_view text);

[[nodiscard]] std::vector<std::string> account_attributes(const Settings& settings);
/// The entry with this entryUUID now, wherever it was moved or renamed to; nullopt when there is none under base_dn (or not ours to see).
[[nodiscard]] base::Result<std::optional<Entry>> find_entry(Connection& connection, const Settings& settings, std::string_view uuid,
                                                            const std::vector<std::string>& attributes);
/// The entry of this DN; nullopt as above.
[[nodiscard]] base::Result<std::optional<Entry>> read_dn(Connection& connection, const std::string& dn,
                                                         const std::vector<std::string>& attributes);

/// `privileged`: DN is in one of the configured groups.
[[nodiscard]] model::Node account_node(const Settings& settings, const Entry& entry, bool privileged, base::Time now);
/// "(attribute=escaped value)"
[[nodiscard]] std::string equals(std::string_view attribute, std::string_view value);

}  // namespace exeunt::connect::openldap
