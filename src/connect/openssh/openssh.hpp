// One OpenSSH host: keys in every authorized_keys file, CA certificates, the KRL, live sessions, shared accounts.
//
// | kind of path | means | what refusal looks like | best grade | settle (source) | gaps |
// |---|---|---|---|---|---|
// | key (own or shared account) | own: RFC 4252 §7 query with the public half | USERAUTH_FAILURE, PK_OK before, control key PK_OK now | refused | 3 s (files are read at every authentication; measured) | `from=` that excludes us, cert-authority lines: read_back only; PAM is not seen |
// | certificate | own: the same query with the certificate | the same, control certificate PK_OK now | refused | 3 s (same) | without a ledger nobody knows which exist; without a KRL none can be revoked |
// | session (also ControlMaster, forwards, background jobs) | observe: process table and kernel sockets (the engine looks twice) | gone from both | observed | none | shared account: jobs that forge their environment |
// | account | read_back | nothing is left that would be taken, or shadow(5) says expired | read_back | 3 s | no shadow entry on the host: not locked, said |
// | crontab, at, lingering services | none | - | - | - | named as a gap |
// | attested: what else an administrator knows | task | a person's word | attested | - | - |
//
// Sign-ins: lines `Accepted …` of `session_log` (and of the file that was rotated last), by the fingerprint that they name, of her accounts and
// of her keys in shared ones. They need a stamp with year and zone (RFC 3339: what rsyslog writes since Debian 12); `sshd -E` writes none, and
// the classic syslog stamp has no year: such lines are counted and said. Tries of ours (RFC 4252 §7 queries) are never `Accepted`; logins with
// the engine's and the control's key are left out by their fingerprints. A password on a shared account is nobody's: not told.
//
// Management: login as `manage_as` with the engine's own key, host key pinned. Needs sh, ps, ss, ssh-keygen, base64, grep, coreutils there.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "connect/connector.hpp"
#include "connect/openssh/host.hpp"
#include "connect/openssh/settings.hpp"
#include "connect/openssh/subject_paths.hpp"
#include "connect/openssh/survey.hpp"

namespace exeunt::connect {

class OpenSsh final : public Connector {
 public:
  OpenSsh(OpenSshSettings settings, const base::Clock& clock);

  [[nodiscard]] const model::Catalogue& catalogue() const override { return catalogue_; }
  [[nodiscard]] base::Result<CheckReport> check(const Deadline& deadline) override;
  [[nodiscard]] base::Result<AccountListing> accounts(const Deadline& deadline) override;
  [[nodiscard]] base::Result<model::Inventory> inventory(const InventoryRequest& request) override;
  [[nodiscard]] base::Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  [[nodiscard]] base::Result<Observation> observe(const model::Node& target, const Deadline& deadline) override;
  [[nodiscard]] base::Result<ProbeResult> probe(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<ProbeResult> probe_control(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<SignInListing> sign_ins(const SignInRequest& request) override;
  [[nodiscard]] base::Result<std::vector<model::NodeKey>> own_accounts(const Deadline& deadline) override;

 private:
  [[nodiscard]] model::NodeKey key_of(model::NodeKind kind, std::string id) const { return {settings_.system, kind, std::move(id)}; }
  /// Fingerprints of the engine's own key and of the control's: whatever a subject writes into her files, these are never revoked.
  [[nodiscard]] base::Result<std::set<std::string>> protected_fingerprints() const;
  [[nodiscard]] base::Result<std::vector<std::string>> living_public_lines() const;
  [[nodiscard]] base::Result<Survey> look(const InventoryRequest& request, const Deadline& deadline);
  /// The same of one account only: its files, ledger, KRL, shadow entry; no account of that uid: an empty list of accounts.
  [[nodiscard]] base::Result<Survey> look_at(const std::string& uid, const Deadline& deadline);
  /// A login as that uid, if it is hers.
  void add_sign_in(SignInListing& out, const SignInRequest& request, const LogLogin& login, const std::string& uid) const;

  // apply.cpp
  [[nodiscard]] base::Result<ApplyOutcome> revoke_keys(const ApplyRequest& request, const Survey& survey);
  [[nodiscard]] base::Result<bool> remove_lines(const Survey& survey, const std::string& uid, const std::set<std::string>& fingerprints,
                                                const Deadline& deadline);
  [[nodiscard]] base::Result<ApplyOutcome> revoke_certificates(const ApplyRequest& request, const Survey& survey);
  [[nodiscard]] base::Result<ApplyOutcome> disable_account(const ApplyRequest& request);
  struct Revocation {
    std::set<std::string> specification;  // lines of ssh-keygen's KRL specification
    std::set<std::string> must;           // public halves that the new list has to revoke
  };
  struct KeyCut {
    std::map<std::string, std::set<std::string>> lines;  // uid -> fingerprints
    Revocation revocation;
  };
  [[nodiscard]] base::Result<KeyCut> plan_key_cut(const ApplyRequest& request, const Survey& survey,
                                                  const std::vector<model::Node>& keys) const;
  [[nodiscard]] base::Status update_krl(const Revocation& revocation, const Deadline& deadline);

  // end_sessions.cpp
  [[nodiscard]] base::Result<ApplyOutcome> end_sessions(const ApplyRequest& request);
  [[nodiscard]] base::Result<int> end_connections(const std::set<std::string>& endpoints, const Deadline& deadline);
  /// Only where the uid is one person's alone: not shared, not root's, not the system's, not ours.
  [[nodiscard]] bool may_end_by_uid(const HostAccount& account) const;

  // observe.cpp
  [[nodiscard]] base::Result<Observation> observe_session(const model::Node& target, const Deadline& deadline);
  [[nodiscard]] base::Result<Observation> observe_key(const model::Node& target, const Deadline& deadline);
  [[nodiscard]] base::Result<Observation> observe_certificate(const model::Node& target, const Deadline& deadline);
  [[nodiscard]] base::Result<Observation> observe_account(const model::Node& target, const Deadline& deadline);

  OpenSshSettings settings_;
  const base::Clock& clock_;
  model::Catalogue catalogue_;
  Host host_;
  std::mutex mutex_;
  std::map<std::string, std::set<std::string>> remembered_;  // uid -> fingerprints seen to be that account's person's
};

}  // namespace exeunt::connect
