// What one `systems:` entry of kind kerberos says, read once and strictly.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "connect/system_config.hpp"

namespace exeunt::connect::kerberos {

struct Settings {
  model::SystemId system;
  std::string realm;
  std::string kdc_host;
  int kdc_port = 88;
  std::string kadmin_host;
  int kadmin_port = 749;
  std::string principal;               // ours, without the realm: "exeunt/admin"
  std::string keytab;                  // its keys, in a file that only we may read
  std::string control_principal;       // a living one that nobody uses, with +requires_preauth
  std::string kdc_log;                 // krb5kdc's own log on Exeunt's host; empty: only the last success of each principal is known
  base::Duration clock_skew{300'000};  // what the realm's services allow ([libdefaults] clockskew): a ticket is good for so much longer
};

/// invalid_argument for a missing or unknown key, a keytab that is not there or that others may read. Reads no key.
[[nodiscard]] base::Result<Settings> read_settings(const SystemConfig& config);

}  // namespace exeunt::connect::kerberos
