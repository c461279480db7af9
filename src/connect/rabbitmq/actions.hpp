// What this connector changes on a broker; each can run twice.
#pragma once

#include <optional>

#include "connect/connector.hpp"
#include "connect/rabbitmq/logins.hpp"

namespace exeunt::connect::rabbitmq {

/// The case's own password, tried (noted in `seen` when it is let in), no tags, no connections, then no password at all.
[[nodiscard]] base::Result<ApplyOutcome> lock_account(const Api& api, const ApplyRequest& request, SeenLogins& seen, const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> end_sessions(const Api& api, const ApplyRequest& request, const Until& until);
/// `rotated_ms`: broker's clock; connections that began later were opened with the new value. Set when this call makes the change.
[[nodiscard]] base::Result<ApplyOutcome> rotate_secret(const Api& api, const ApplyRequest& request, std::optional<std::int64_t>& rotated_ms,
                                                       const Until& until);
[[nodiscard]] base::Result<ApplyOutcome> delete_account(const Api& api, const ApplyRequest& request, const Until& until);

}  // namespace exeunt::connect::rabbitmq
