// What one `systems:` entry of kind postgresql says, read once and strictly.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connect/system_config.hpp"

namespace exeunt::connect::postgresql {

struct Settings {
  model::SystemId system;
  std::string host;
  int port = 5432;
  std::string ca_file;
  std::string role;                  // ours
  base::Secret password;             // ours
  std::string maintenance_database;  // where listings are read and shared roles try their passwords
  std::string login_gate_database;   // empty: no login gate, a gap
  std::string control_role;          // empty: no control identity
  bool ddl_log = false;              // CREATE ROLE statements are read from the csvlog
};

/// invalid_argument for a missing or unknown key; the credential is read here, by reference.
[[nodiscard]] base::Result<Settings> read_settings(const SystemConfig& config);

}  // namespace exeunt::connect::postgresql
