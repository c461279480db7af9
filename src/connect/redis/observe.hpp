// State now: the ACL in memory and, where we can read it, what was saved; CLIENT LIST for sessions.
#pragma once

#include "connect/connector.hpp"
#include "connect/redis/sessions.hpp"

namespace exeunt::connect::redis {

/// Whether this connection is the one that the node was listed for: by address, and by id while the server runs.
[[nodiscard]] bool is_session(const model::Node& node, const Client& client, const std::string& run_id);
[[nodiscard]] base::Result<Observation> observe_node(const Settings& settings, const model::Node& target, const Until& until);

}  // namespace exeunt::connect::redis
