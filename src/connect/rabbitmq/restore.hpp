// What the lock is about to take from a user, and how it is given back; each can run twice.
#pragma once

#include "connect/connector.hpp"
#include "connect/rabbitmq/api.hpp"

namespace exeunt::connect::rabbitmq {

/// Tags and the limit of connections, where the user is not shut. Permissions are not taken by the lock.
[[nodiscard]] base::Result<BeforeImage> image_before(const Api& api, const ApplyRequest& request, const Until& until);
/// The new password and the tags as they were, then the limit of connections as it was. not_found: the user was deleted since.
[[nodiscard]] base::Result<ApplyOutcome> restore_account(const Api& api, const ApplyRequest& request, const Until& until);
[[nodiscard]] base::Result<RestoreLook> look_restored(const Api& api, const ApplyRequest& request, const Until& until);

}  // namespace exeunt::connect::rabbitmq
