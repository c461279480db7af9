// The ACL lives in the server's memory; what was saved comes back at a restart or at ACL LOAD. A change counts once it is saved.
#pragma once

#include <optional>
#include <string>

#include "connect/redis/acl.hpp"

namespace exeunt::connect::redis {

/// ACL SAVE or CONFIG REWRITE as configured; ok with words that say that nothing is saved where `persist` is none. It writes everybody's
/// unsaved changes too. failed_precondition: the server is not set up so; resource_exhausted: it could not write. The change that came
/// before has had its effect.
[[nodiscard]] base::Result<std::string> save(Connection& connection, const Settings& settings, const Until& until);

struct Saved {
  bool seen = false;            // persisted_file could be read
  std::optional<AclUser> user;  // as the file has it: what a restart or ACL LOAD would give
  std::string words;
};
[[nodiscard]] Saved saved_user(const Settings& settings, const std::string& name);

}  // namespace exeunt::connect::redis
