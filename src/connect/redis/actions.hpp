// What this connector changes on a server; each can run twice.
#pragma once

#include "connect/connector.hpp"
#include "connect/redis/logins.hpp"
#include "connect/redis/sessions.hpp"

namespace exeunt::connect::redis {

/// Takes every password and right and leaves the case's own password; the user is still on. failed_precondition, no effect: no such user, or off.
[[nodiscard]] base::Status replace_password(const Settings& settings, const std::string& name, const base::Secret& value,
                                            const Until& until);
/// Takes every password and right, leaves the case's own password, tries it (noted in `seen` when it is let in), sets the user off, saves.
[[nodiscard]] base::Result<ApplyOutcome> lock_account(const Settings& settings, const ApplyRequest& request, SeenLogins& seen,
                                                      const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> end_sessions(const Settings& settings, const ApplyRequest& request, const Until& until);
/// `rotated`: where connections with the new value begin; set when this call makes the change, used when it was made before.
[[nodiscard]] base::Result<ApplyOutcome> rotate_secret(const Settings& settings, const ApplyRequest& request,
                                                       std::optional<Watermark>& rotated, const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> delete_account(const Settings& settings, const ApplyRequest& request, const Until& until);

}  // namespace exeunt::connect::redis
