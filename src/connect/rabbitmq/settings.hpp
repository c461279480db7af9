// What one `systems:` entry of kind rabbitmq says, read once and strictly.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connect/system_config.hpp"
#include "net/url.hpp"

namespace exeunt::connect::rabbitmq {

struct Settings {
  model::SystemId system;
  net::Url url;         // of the management plugin: "https://broker.example.org:15671"
  std::string ca_file;  // empty: the machine's store
  std::string user;     // ours: tag administrator
  base::Secret password;
};

/// invalid_argument for a missing or unknown key; the credential is read here, by reference.
[[nodiscard]] base::Result<Settings> read_settings(const SystemConfig& config);

}  // namespace exeunt::connect::rabbitmq
