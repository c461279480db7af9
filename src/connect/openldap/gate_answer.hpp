// What a bind with a random password says of an account, apart from the wire. Pure: every pair of answer and lock is decided here.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "connect/connector.hpp"
#include "connect/openldap/connection.hpp"
#include "connect/openldap/directory_entry.hpp"

namespace exeunt::connect::openldap {

/// | reply                                   | lock that the entry shows | answer   |
/// |-----------------------------------------|---------------------------|----------|
/// | 0                                       | any                       | admitted |
/// | 49, policy answers without a cause      | any                       | admitted | a live identity gets exactly this for a wrong password
/// | 49, policy answers accountLocked        | for good                  | refused  |
/// | 49, policy answers accountLocked        | for a time, or not shown  | unknown  | failed logins lock for a time only
/// | 49 without the policy's answer          | any                       | unknown  | an unknown DN, or no policy: the living get it too
/// | 53, anything else                       | any                       | unknown  |
[[nodiscard]] ProbeResult gate_answer(const Reply& reply, const Lock& lock, base::Time now);

}  // namespace exeunt::connect::openldap
