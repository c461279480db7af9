// What the connector changes on the server, one function an action. All can run twice; a role is found by its OID each time.
#pragma once

#include "connect/connector.hpp"
#include "connect/postgresql/inventory.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

/// NOLOGIN; with `replace` in the same statement also: no password (or the given one's verifier), its expiry, no CREATEROLE.
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
