// Login tries that prove something: the login gate (no credential at all) and the values of a rotated shared secret.
#pragma once

#include <string>

#include "connect/connector.hpp"
#include "connect/password_tries.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

/// Asks the login gate about the role with this OID, under the name that it has now. refused only when the server's own check of the role
/// refuses it and the role was there under that name before and after the try; or when no role has the OID any more and the last known name
/// is refused as nonexistent. unknown for all else.
[[nodiscard]] ProbeResult probe_gate(const Settings& settings, const std::string& oid, const std::string& last_name, const Until& until);
/// The same try for the control role. admitted, or why not.
[[nodiscard]] ProbeResult probe_gate_control(const Settings& settings, const Until& until);

/// Old and new value of a shared role's password, under the name that the role has now (probe_old_and_new).
[[nodiscard]] ProbeResult probe_shared_password(const Settings& settings, const std::string& oid, const base::Secret* old_value,
                                                const base::Secret* new_value, const Until& until);
/// A fresh login of our own role with its password: passwords are still taken from here.
[[nodiscard]] ProbeResult probe_password_control(const Settings& settings, const Until& until);

/// Whether this value lets the role in now (also when the database then turns it away: the password had been taken).
[[nodiscard]] PasswordAnswer try_password(const Settings& settings, const std::string& role, const base::Secret& value, const Until& until,
                                          std::string& words);

}  // namespace exeunt::connect::postgresql
