#include "connect/openldap/password_and_lock.hpp"

#include <ldap.h>

#include "base/escape.hpp"

namespace exeunt::connect::openldap {
namespace {

using base::Code;

constexpr int k_attempts_max = 6;
constexpr const char* k_lock = "pwdAccountLockedTime";
constexpr const char* k_end = "pwdEndTime";

/// What the next modify shall hold; learned from the entry and from refusals.
struct Form {
  std::string locked_since;  // lock that stands and must be deleted by name
  bool end_time = true;      // the server knows pwdEndTime (2.5) and lets us write it
  bool remove_all = false;   // the policy refuses a new value: no value at all
  std::string end_before;    // for the operator: what pwdEndTime was
};

std::vector<Change> changes_of(const Form& form, const PasswordAndLock& wanted) {
  const bool changes_password = wanted.password != nullptr && !wanted.password->empty();
  std::vector<Change> changes;
  if (!form.locked_since.empty()) changes.push_back({Change::Kind::remove, k_lock, {}});
  if (changes_password) {
    Change change{Change::Kind::replace, "userPassword", {}};
    if (!form.remove_all) change.values.emplace_back(wanted.password->reveal());
    changes.push_back(std::move(change));
  }
  if (wanted.lock) {
    changes.push_back({Change::Kind::add, k_lock, {k_locked_for_good}});
    if (form.end_time) changes.push_back({Change::Kind::replace, k_end, {k_ended_long_ago}});
  } else if (!form.locked_since.empty()) {
    changes.push_back({Change::Kind::add, k_lock, {form.locked_since}});
  }
  return changes;
}

enum class Next { applied, repeat, refused };

/// Reads a refusal: whether another form of the same modify may pass.
Next learn(const Reply& reply, const PasswordAndLock& wanted, const std::string& locked_now, Form& form) {
  const bool lock_changed = locked_now != form.locked_since;
  form.locked_since = locked_now;
  switch (reply.code) {
    case LDAP_SUCCESS: return Next::applied;
    case LDAP_NO_SUCH_OBJECT:  // renamed since we looked
    case LDAP_BUSY: return Next::repeat;
    case LDAP_NO_SUCH_ATTRIBUTE:
    case LDAP_TYPE_OR_VALUE_EXISTS: return lock_changed ? Next::repeat : Next::refused;
    case LDAP_CONSTRAINT_VIOLATION:
      if (lock_changed) return Next::repeat;
      if (wanted.password == nullptr || form.remove_all) return Next::refused;
      form.remove_all = true;
      return Next::repeat;
    case LDAP_UNDEFINED_TYPE:
    case LDAP_INSUFFICIENT_ACCESS:
      if (!wanted.lock || !form.end_time) return Next::refused;
      form.end_time = false;
      return Next::repeat;
    default: return Next::refused;
  }
}

std::string words_of(const Form& form, const PasswordAndLock& wanted) {
  std::string words;
  if (wanted.password != nullptr && !wanted.password->empty()) {
    words = form.remove_all ? "every password value removed (the policy refuses a new one)" : "password replaced";
  }
  if (wanted.lock) {
    words += std::string(words.empty() ? "" : ", ") + "locked for good";
    words += form.end_time ? ", end of validity set to the past" : "; pwdEndTime is not ours to write: a later password reset would unlock";
    if (!form.end_before.empty() && form.end_before != k_ended_long_ago) words += " (was " + base::escape_terminal(form.end_before) + ")";
  } else if (!form.locked_since.empty()) {
    words += ", the lock that stood set again";
  }
  return words;
}

base::Error refusal(Connection& ours, const Entry& entry, const Reply& reply) {
  base::Error error = server_error(ours.subject(), "change the password and lock of " + entry.dn, reply.code, reply.diagnostic);
  if (reply.code == LDAP_TYPE_OR_VALUE_EXISTS || reply.code == LDAP_NO_SUCH_ATTRIBUTE) {
    error.next = "let our bind DN read pwdAccountLockedTime: the lock that stands is not shown to us";
  }
  return error;
}

}  // namespace

base::Result<PasswordOutcome> set_password_and_lock(Connection& ours, const Settings& settings, const std::string& uuid,
                                                    const PasswordAndLock& wanted) {
  const std::vector<std::string> attributes{k_lock, k_end};
  EXEUNT_TRY_ASSIGN(auto entry, find_entry(ours, settings, uuid, attributes));
  if (!entry) return PasswordOutcome{"the entry no longer exists", false};
  Form form;
  form.locked_since = lock_of(*entry).since;
  form.end_before = lock_of(*entry).end;
  bool acknowledged = false;
  for (int attempt = 0; attempt < k_attempts_max; ++attempt) {
    EXEUNT_TRY_ASSIGN(const Reply reply, ours.modify(entry->dn, changes_of(form, wanted)));
    // Read in either case: a success is read back, a refusal is understood by what stands now.
    EXEUNT_TRY_ASSIGN(auto now, find_entry(ours, settings, uuid, attributes));
    if (!now) return PasswordOutcome{"the entry no longer exists", false};
    const Next next = learn(reply, wanted, lock_of(*now).since, form);
    if (next == Next::refused) return base::fail(refusal(ours, *entry, reply));
    entry = std::move(now);
    if (next == Next::repeat) continue;
    acknowledged = true;
    if (!wanted.lock || lock_of(*entry).since == k_locked_for_good) return PasswordOutcome{words_of(form, wanted), true};
  }
  if (!acknowledged) {
    return base::fail(Code::aborted, ours.subject() + ": " + base::escape_terminal(entry->dn) + " kept changing while it was to be locked",
                      "repeat");
  }
  // Acknowledged is what the system said; what it is worth the probe decides.
  return PasswordOutcome{words_of(form, wanted) +
                             ", by the server's word; the entry does not show the lock: see that our bind DN may read "
                             "pwdAccountLockedTime, and who else changes this entry",
                         true};
}

}  // namespace exeunt::connect::openldap
