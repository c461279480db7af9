// What one `systems:` entry of kind redis says, read once and strictly.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connect/system_config.hpp"

namespace exeunt::connect::redis {

/// How a change of the ACL survives a restart of the server.
enum class Persist {
  acl_file = 1,        // ACL SAVE: the server runs with an aclfile
  config_rewrite = 2,  // CONFIG REWRITE: users stand in redis.conf
  none = 3,            // neither: a gap
};

struct Settings {
  model::SystemId system;
  std::string host;
  int port = 6379;
  std::string ca_file;  // empty: no TLS, on loopback only
  std::string user;     // ours
  base::Secret password;
  Persist persist = Persist::none;
  std::string persisted_file;  // the aclfile (or redis.conf) as we can read it; empty: what is saved is not seen, a gap
};

/// invalid_argument for a missing or unknown key; the credential is read here, by reference.
[[nodiscard]] base::Result<Settings> read_settings(const SystemConfig& config);

}  // namespace exeunt::connect::redis
