// What exeunt.yaml says of one OpenLDAP directory, checked once. Come here to add a setting.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "connect/system_config.hpp"

namespace exeunt::connect::openldap {

struct Settings {
  model::SystemId system;
  std::string url;                 // as configured
  std::string host;                // the name that the certificate must carry
  bool start_tls = false;          // ldap:// that is raised to TLS before anything else is said
  bool insecure_loopback = false;  // ldap:// without TLS: loopback addresses only, for tests
  std::string ca_file;
  std::string bind_dn;
  base::Secret credential;
  std::string base_dn;
  std::string hr_id_attribute;
  std::string switch_group;  // empty: nothing ends held connections (a gap)
  std::string control_dn;    // empty: nothing can be graded refused
  base::Secret control_credential;
  std::vector<std::string> privileged_groups;  // members count as administrators
  int page_size = 100;                         // entries a page of a listing
};

/// Reads the credentials too (by reference); does not connect. invalid_argument for an unknown or missing key, a scheme other than ldap or
/// ldaps, ldap:// with neither starttls nor insecure_loopback, an empty credential (RFC 4513 5.1.2: it would bind as nobody and succeed).
[[nodiscard]] base::Result<Settings> read_settings(const SystemConfig& config);

}  // namespace exeunt::connect::openldap
