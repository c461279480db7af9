// OpenLDAP (slapd 2.5 and later, overlay ppolicy). Come here to see what is shown ended, how, and what is not.
//
// | kind of path | probe means         | what refusal looks like                  | best grade | settle window, source            | gaps
// |--------------|---------------------|------------------------------------------|------------|----------------------------------|-----------------------------
// | account      | gate: one bind with | 49 + ppolicy accountLocked, and the      | refused    | 2 s; measured: slapd reads entry | SASL EXTERNAL and GSSAPI
// |  (entryUUID) | a random password   | entry holds a lock for good; alive: 49   |            | and policy at every bind         | binds; replicas lag
// |              | and ppolicy control | + empty answer; unknown DN: 49 alone     |            |                                  |
// | session      | none (read_back:    | gone from the table; or open but its DN  | read_back  | 2 s; measured: ACL groups are    | proxies and replicas; bound
// |  (ip:port)   | cn=Connections,     | in the switch group, which at that time  |            | read at every operation          | before a rename that nobody
// |              | cn=Monitor)         | takes all from a held control connection |            |                                  | saw; no cn=Monitor right
// | membership   | none (read_back)    | the group no longer lists the entry      | read_back  | 2 s; measured                    | dynamic groups, ACLs by DN
// |  (uuid:uuid) |                     |                                          |            |                                  |
//
// Not used, and why. own: the one modify that replaces the password also locks, so it is never admitted first. twin: a second userPassword would
// be an access path of the case, and the gate shows more; lock_and_replace replaces all values, so a twin ends with it in the same modify.
// witness: needs a twin. Proxied authorisation: still works on a locked entry, so it proves nothing about one.
//
// What the control is. Before: trying counts as a failed login, so it is the identical call on the control identity (49 with an empty ppolicy
// answer). Now: that call again and a bind with the control identity's own password. Its policy should not lock it out.
//
// Given back (restore): the account by one modify that unlocks, replaces every password value and sets the end of validity that was there, and by
// leaving the switch group; refused while a connection bound before the cut is open, for that group alone keeps it powerless. Groups one by one, by
// the attribute that named her. Not given back: the old password, connections, a group that was deleted since.
//
// Sign-ins (use in the window): with `lastbind on` the directory keeps the last successful bind of each entry, no more, and only until its
// password is replaced: a lower bound. That it keeps them
// is seen on our own entry; its clock is read from our own connection's start in cn=Connections,cn=Monitor.
//
// Our credential needs: write on userPassword (which makes it root-equivalent in effect), read and write on pwdAccountLockedTime and
// pwdEndTime, read on pwdFailureTime, pwdChangedTime and pwdLastSuccess, write on `member` and its kin of groups, read of the tree and of cn=Connections,cn=Monitor, and limits
// that let a listing end (size.prtotal=unlimited). Overlay ppolicy with ppolicy_use_lockout; back_monitor. The kill-switch is the first rule of
// the database, before the one for userPassword (slapd.conf form; the group is a groupOfNames that is never empty):
//   access to *
//     by group/groupOfNames/member.exact="cn=exeunt-departed,ou=groups,dc=example,dc=org" none
//     by * break
// It acts on held connections at their next operation; whoami, the root DSE and a new bind do not pass it: the lock is for binds.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "connect/connector.hpp"
#include "connect/openldap/connection.hpp"
#include "connect/openldap/settings.hpp"
#include "connect/openldap/switch_group.hpp"

namespace exeunt::connect::openldap {

class OpenLdap final : public Connector {
 public:
  OpenLdap(Settings settings, const base::Clock& clock, base::Random& random);

  [[nodiscard]] const model::Catalogue& catalogue() const override { return catalogue_; }
  [[nodiscard]] base::Result<CheckReport> check(const Deadline& deadline) override;
  [[nodiscard]] base::Result<AccountListing> accounts(const Deadline& deadline) override;
  [[nodiscard]] base::Result<model::Inventory> inventory(const InventoryRequest& request) override;
  [[nodiscard]] base::Result<ApplyOutcome> apply(const ApplyRequest& request) override;
  [[nodiscard]] base::Result<BeforeImage> before(const ApplyRequest& request) override;
  [[nodiscard]] base::Result<RestoreLook> look_restored(const ApplyRequest& request) override;
  [[nodiscard]] base::Result<Observation> observe(const model::Node& target, const Deadline& deadline) override;
  [[nodiscard]] base::Result<ProbeResult> probe(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<ProbeResult> probe_control(const ProbeRequest& request) override;
  [[nodiscard]] base::Result<SignInListing> sign_ins(const SignInRequest& request) override;
  [[nodiscard]] base::Result<std::vector<model::NodeKey>> own_accounts(const Deadline& deadline) override;

 private:
  [[nodiscard]] base::Result<Connection> open(base::Duration timeout) const { return Connection::open_bound(settings_, clock_, timeout); }
  /// Whether the kill-switch ACL works, shown on the control identity at most `k_proof_valid` ago.
  [[nodiscard]] SwitchProof switch_proof(Connection& ours, base::Duration timeout);

  [[nodiscard]] base::Result<ApplyOutcome> apply_to_password(Connection& ours, const ApplyRequest& request);
  [[nodiscard]] base::Result<ApplyOutcome> apply_lock(Connection& ours, const ApplyRequest& request);
  [[nodiscard]] base::Result<ApplyOutcome> apply_end_sessions(Connection& ours, const ApplyRequest& request);
  [[nodiscard]] base::Result<ApplyOutcome> apply_remove_memberships(Connection& ours, const ApplyRequest& request);
  // restore.cpp
  [[nodiscard]] base::Result<ApplyOutcome> apply_restore_account(Connection& ours, const ApplyRequest& request);
  [[nodiscard]] base::Result<ApplyOutcome> apply_restore_memberships(Connection& ours, const ApplyRequest& request);
  [[nodiscard]] base::Result<RestoreLook> look_at_restored_account(Connection& ours, const ApplyRequest& request, const Entry& entry);
  /// Lets the new password in once, a second after it was set, lifting what failed logins of others lock meanwhile; keeps pwdChangedTime of it.
  /// It counts in seconds: as long as it is the same, nobody has set another since.
  [[nodiscard]] base::Status try_new_password(Connection& ours, const ApplyRequest& request, const std::string& dn);
  /// 49 for the new password: another's password, or a lock by failed logins that answers the same to any.
  [[nodiscard]] base::Status look_at_refusal(Connection& ours, const ApplyRequest& request, const Entry& entry, RestoreLook& out);
  [[nodiscard]] base::Result<Observation> observe_account(Connection& ours, const model::Node& target);
  [[nodiscard]] base::Result<Observation> observe_session(Connection& ours, const model::Node& target, base::Duration timeout);
  [[nodiscard]] base::Result<Observation> observe_membership(Connection& ours, const model::Node& target);
  [[nodiscard]] base::Status add_paths(Connection& ours, const model::Node& account, base::Duration timeout, model::Inventory& out);
  /// One bind with a random password and the policy control, on a connection of its own.
  [[nodiscard]] base::Result<Reply> try_gate(const std::string& dn, base::Duration timeout);

  const Settings settings_;
  const base::Clock& clock_;
  base::Random& random_;
  const model::Catalogue catalogue_;

  std::mutex proof_mutex_;  // one proof at a time: two would see each other's membership
  std::optional<SwitchProof> proof_;
  base::Duration proof_at_{0};

  std::mutex let_in_mutex_;
  std::map<std::string, std::string> let_in_changed_;  // entryUUID -> pwdChangedTime of the new password that was let in, in this process
};

}  // namespace exeunt::connect::openldap
