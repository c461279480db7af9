// One conversation with kadmind through libkadm5clnt: principals looked at and changed. No key crosses: a new one is made at random over there and not
// sent back. A password does for a restore alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "connect/kerberos/library.hpp"
#include "connect/kerberos/sockets.hpp"

namespace exeunt::connect::kerberos {

/// One principal as the database has it. Times by the server's clock, to the second.
struct PrincipalEntry {
  std::string name;              // unparsed, with the realm
  bool may_have_tickets = true;  // allow_tix
  bool asks_for_key = false;     // requires_preauth
  bool postdatable = true;       // allow_postdated
  std::optional<base::Time> expires;
  base::Time keys_made;  // the last new key or password
  base::Time modified;   // the last change of any kind by kadmin or kpasswd
  std::string modified_by;
  base::Duration max_life{0};       // 0: the realm's own limit
  base::Duration max_renewable{0};  // 0: not renewable
  std::uint32_t kvno = 0;
  std::vector<std::uint32_t> key_versions;  // newest first; more than one with -keepold
  std::uint32_t failures = 0;
  std::optional<base::Time> last_success;  // of a principal that needs pre-authentication; none where the KDC does not write it
  [[nodiscard]] bool usable(base::Time server_now) const { return may_have_tickets && (!expires || *expires > server_now); }
};

/// What a key of our making is for: nobody knows the one behind a lock (exeunt_key); one that was given back is handed over (exeunt_restored).
enum class KeyMark { locked, restored };

/// Not for several threads at once. Every call: permission_denied with the right that is missing, unavailable when reading got no answer,
/// outcome_unknown when a change got none.
class Kadmin {
 public:
  /// unavailable when KDC or kadmind are not reached, permission_denied when our keytab is refused.
  [[nodiscard]] static base::Result<std::unique_ptr<Kadmin>> open(const Settings& settings, const Until& until);
  Kadmin(const Kadmin&) = delete;
  Kadmin& operator=(const Kadmin&) = delete;
  ~Kadmin();

  [[nodiscard]] krb5_context context() const { return context_.get(); }
  [[nodiscard]] base::Result<std::vector<std::string>> names();
  /// nullopt: there is none.
  [[nodiscard]] base::Result<std::optional<PrincipalEntry>> find(const std::string& native_id);
  /// -allow_tix; not_found when there is no such principal. Everything else of it stays.
  [[nodiscard]] base::Status forbid_tickets(const std::string& native_id);
  /// +allow_tix, likewise.
  [[nodiscard]] base::Status allow_tickets(const std::string& native_id);
  /// The same as forbid_tickets without a look first, for a check of rights on a principal that does not exist. Never for one that does: it would set this
  /// attribute and no other.
  [[nodiscard]] base::Status forbid_tickets_unseen(const std::string& native_id);
  /// A random key in the place of all there are. not_found when there is no such principal.
  [[nodiscard]] base::Status replace_keys(const std::string& native_id);
  /// The keys of this password in the place of all there are. not_found when there is no such principal.
  [[nodiscard]] base::Status set_password(const std::string& native_id, const base::Secret& value);
  /// Which key version the principal's string attribute of that mark names; nullopt: none, or not a number.
  [[nodiscard]] base::Result<std::optional<std::uint32_t>> marked_key(const std::string& native_id, KeyMark mark);
  /// Sets it. Whoever may only set passwords cannot; it stays with the principal until that is deleted.
  [[nodiscard]] base::Status mark_key(const std::string& native_id, std::uint32_t version, KeyMark mark);
  /// not_found when there is none.
  [[nodiscard]] base::Status remove(const std::string& native_id);

 private:
  /// Sets or clears one attribute, and leaves everything else as it is looked at first.
  [[nodiscard]] base::Status set_attribute(const std::string& native_id, int attribute, bool on, const std::string& what);
  explicit Kadmin(const Settings& settings) : settings_(settings) {}
  [[nodiscard]] base::Error error_of(long code, bool change, const std::string& what) const;
  [[nodiscard]] base::Result<Principal> parse(const std::string& native_id) const;

  const Settings& settings_;
  Context context_;
  krb5_ccache cache_ = nullptr;
  std::unique_ptr<Tunnel> tunnel_;
  void* handle_ = nullptr;
};

}  // namespace exeunt::connect::kerberos
