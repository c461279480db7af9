// What an action is about to take from a role, and how it is given back; each can run twice, a role is found by its OID each time.
#pragma once

#include "connect/connector.hpp"
#include "connect/postgresql/settings.hpp"
#include "connect/until.hpp"

namespace exeunt::connect::postgresql {

/// The role, where it may log in: CREATEROLE, end of validity. Memberships that are there: admin option, and since 16 inherit and set.
[[nodiscard]] base::Result<BeforeImage> image_before(const Settings& settings, const ApplyRequest& request, const Until& until);
/// One ALTER ROLE: LOGIN, the new password, the end of validity and CREATEROLE as they were. not_found: the role was dropped since.
[[nodiscard]] base::Result<ApplyOutcome> restore_account(const Settings& settings, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> restore_memberships(const Settings& settings, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<RestoreLook> look_restored(const Settings& settings, const ApplyRequest& request, const Until& until);

}  // namespace exeunt::connect::postgresql
