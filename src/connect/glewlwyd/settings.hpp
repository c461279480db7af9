// What one `systems:` entry of kind glewlwyd says, read once and strictly.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connect/system_config.hpp"
#include "net/url.hpp"

namespace exeunt::connect::glewlwyd {

struct Settings {
  model::SystemId system;
  net::Url url;  // of the provider, without its /api
  std::string ca_file;
  std::string login;        // our administrator account
  base::Secret credential;  // and its password
  std::string plugin;       // instance name of the OpenID Connect plugin: /api/<plugin>/…
  std::string id_property;  // of an account: what never changes ("entry_uuid"); empty: the login itself
  std::string hr_id_property;
  std::string lock_property;  // of an account that a directory holds: its pwdAccountLockedTime as the provider reads it
  std::string client_id;      // our own client, for the check of token issue and introspection; empty: not checked
  base::Secret client_credential;
  std::string client_scope;  // asked for with the token; most clients get none without
  int page_size = 100;
};

/// invalid_argument for a missing or unknown key; credentials are read here, by reference.
[[nodiscard]] base::Result<Settings> read_settings(const SystemConfig& config);

}  // namespace exeunt::connect::glewlwyd
