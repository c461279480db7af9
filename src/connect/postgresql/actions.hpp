// What the connector changes on the server, one function an action. All can run twice; a role is found by its OID each time.
#pragma once

#include "connect/connector.hpp"
#include "connect/postgresql/inventory.hpp"
#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

/// One statement on the role with this OID, kept only if that very role shows the effect under an unchanged name.
[[nodiscard]] base::Status change_role(Connection& connection, const std::string& oid, std::string attributes,
                                       bool (*took_effect)(const Role&), const Until& until);

struct Pair {
  std::string member, role;  // OIDs
};
/// "<member OID>:<role OID>"; invalid_argument for anything else.
[[nodiscard]] base::Result<Pair> membership_pair(const std::string& native_id);

/// Replaces her password by the case's own. failed_precondition, no effect: no such role, or it cannot log in already.
[[nodiscard]] base::Result<std::string> replace_password(const Settings& settings, const std::string& oid, const base::Secret& value,
                                                         const Until& until);
/// NOLOGIN; with `replace` in the same statement also: no password any more (the case's own neither), its expiry, no CREATEROLE.
[[nodiscard]] base::Result<ApplyOutcome> lock_account(const Settings& settings, const ApplyRequest& request, bool replace,
                                                      const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> end_sessions(const Settings& settings, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> remove_memberships(const Settings& settings, const ApplyRequest& request, const Until& until);
/// `rotated_us`: where this connector has set this value already, the instant of that; otherwise 0. Set to the instant of the rotation.
[[nodiscard]] base::Result<ApplyOutcome> rotate_secret(const Settings& settings, const ApplyRequest& request, std::int64_t& rotated_us,
                                                       const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> transfer_ownership(const Settings& settings, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> delete_account(const Settings& settings, const ApplyRequest& request, const Until& until);

}  // namespace exeunt::connect::postgresql
