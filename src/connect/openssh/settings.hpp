// Settings of one OpenSSH host as exeunt.yaml gives them.
#pragma once

#include <string>
#include <vector>

#include "connect/openssh/public_key.hpp"
#include "connect/system_config.hpp"

namespace exeunt::connect {

struct OpenSshSettings {
  model::SystemId system;
  std::string host;
  int port = 22;
  std::string known_hosts;
  std::string manage_as;
  std::string key_reference;                 // "file:…": the engine's own private key
  std::vector<std::string> authorized_keys;  // the server's AuthorizedKeysFile patterns
  std::string krl;                           // empty: none configured
  std::string ca_public_key;                 // path on the host; empty: certificates are not trusted there
  std::string ca_ledger;                     // directory on the host; empty: nobody tells which certificates exist
  std::vector<std::string> accounts;
  std::string passwd_file;  // path on the host
  std::vector<std::string> shared_accounts;
  std::string session_log;  // path on the host
  std::string control_account;
  std::string control_key;          // public half, "type base64"; empty: no control for keys
  std::string control_certificate;  // public half; empty: no control for certificates
};

/// Reads the control's public halves; does not connect. invalid_argument names the setting.
[[nodiscard]] base::Result<OpenSshSettings> read_openssh_settings(const SystemConfig& config);

}  // namespace exeunt::connect
