// What the lock is about to take from a user, and how it is given back; each can run twice.
#pragma once

#include "connect/connector.hpp"
#include "connect/redis/settings.hpp"
#include "connect/until.hpp"

namespace exeunt::connect::redis {

/// The user's rules, where anybody could log in as it: keys, channels, commands, selectors. Of passwords nothing.
[[nodiscard]] base::Result<BeforeImage> image_before(const Settings& settings, const ApplyRequest& request, const Until& until);
/// One ACL SETUSER: the new password as the only one, the rules as they were, on; then saved. not_found: the user was deleted since.
[[nodiscard]] base::Result<ApplyOutcome> restore_account(const Settings& settings, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<RestoreLook> look_restored(const Settings& settings, const ApplyRequest& request, const Until& until);

}  // namespace exeunt::connect::redis
