// The one modify that replaces the password and locks, such that a repeat never undoes what stands. Measured on slapd 2.5.13:
//   - any password change clears pwdAccountLockedTime, unless the same modify deletes that attribute by name; so on a locked entry the
//     modify is {delete lock, replace password, add lock}; on an unlocked one the delete would fail, so it is {replace password, add lock};
//   - {replace password, replace lock} answers success on a locked entry and leaves it UNLOCKED;
//   - pwdMinAge and pwdInHistory refuse our repeat (19); removing every password value is not refused, and locks no less.
#pragma once

#include <string>
#include <vector>

#include "connect/openldap/connection.hpp"
#include "connect/openldap/directory_entry.hpp"

namespace exeunt::connect::openldap {

struct PasswordAndLock {
  const base::Secret* password = nullptr;  // nullptr or empty: the password stays
  bool lock = false;                       // lock for good, with an end of validity in the past
};
struct PasswordOutcome {
  std::string words;
  bool found = true;  // false: there is no such entry any more
};
/// Finds the entry by entryUUID and applies it; repeats while the lock changes underneath, a few times. Reads back: the words say so when a
/// lock was acknowledged and is not shown. permission_denied, failed_precondition, outcome_unknown as Connection says.
[[nodiscard]] base::Result<PasswordOutcome> set_password_and_lock(Connection& ours, const Settings& settings, const std::string& uuid,
                                                                  const PasswordAndLock& wanted);

}  // namespace exeunt::connect::openldap
