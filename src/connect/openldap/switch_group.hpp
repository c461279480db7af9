// The switch group: the server's first access rule takes every right from its members, on connections that were bound long ago too.
// Nothing else in slapd ends a held connection from outside the host.
#pragma once

#include <string>

#include "connect/openldap/connection.hpp"
#include "connect/openldap/settings.hpp"

namespace exeunt::connect::openldap {

struct SwitchProof {
  enum class Answer {
    works = 1,           // a held connection of the control identity lost every right while in the group, and had it before and after
    not_configured = 2,  // no switch_group or no control identity
    absent = 3,          // the group does not exist
    powerless = 4,       // the group exists, and membership takes nothing away: the access rule is missing or stands too late
    unknown = 5,         // something did not answer
  };
  Answer answer = Answer::unknown;
  std::string words;
};

/// Whether this DN is in the group now; false when the group does not exist.
[[nodiscard]] base::Result<bool> in_switch_group(Connection& ours, const Settings& settings, const std::string& dn);
/// Idempotent. failed_precondition when there is no such group.
[[nodiscard]] base::Status put_into_switch_group(Connection& ours, const Settings& settings, const std::string& dn);
[[nodiscard]] base::Status take_out_of_switch_group(Connection& ours, const Settings& settings, const std::string& dn);
/// Puts the control identity in, looks through a connection of its own that was bound before, and takes it out again: some milliseconds.
/// A membership of the control identity that an earlier run left behind is removed first.
[[nodiscard]] SwitchProof prove_switch(Connection& ours, const Settings& settings, const base::Clock& clock, base::Duration timeout);

}  // namespace exeunt::connect::openldap
