// Reach, rights and settings, each shown by doing it where that harms nothing: on the control identity.
#include <ldap.h>
#include <strings.h>

#include <algorithm>
#include <functional>
#include <initializer_list>

#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/held_connections.hpp"
#include "connect/openldap/openldap.hpp"
#include "connect/openldap/password_policy.hpp"

namespace exeunt::connect::openldap {
namespace {

using model::NodeKind;

// Success, or a value that stands already: two of a single-valued attribute, or the same one.
constexpr std::initializer_list<int> k_lock_codes{LDAP_SUCCESS, LDAP_CONSTRAINT_VIOLATION, LDAP_TYPE_OR_VALUE_EXISTS};
constexpr std::string_view k_end_of_check = "19700101000001Z";

class Checker {
 public:
  Checker(Connection& ours, const Settings& settings, CheckReport& report) : ours_(ours), settings_(settings), report_(report) {}

  base::Status root_dse() {
    EXEUNT_TRY_ASSIGN(const auto root, read_dn(ours_, "", {"objectClass", "vendorName", "vendorVersion", "supportedControl"}));
    if (!root)
      return base::fail(base::Code::permission_denied, ours_.subject() + ": the root entry is not ours to see",
                        "let everybody read the root DSE");
    const Values& classes = root->values("objectClass");
    const bool slapd = std::find(classes.begin(), classes.end(), "OpenLDAProotDSE") != classes.end();
    report_.version = slapd ? "OpenLDAP slapd" : "LDAP server " + root->first("vendorName") + " " + root->first("vendorVersion");
    if (auto told = read_dn(ours_, "cn=Monitor", {"monitoredInfo"}); told && *told && !(*told)->first("monitoredInfo").empty()) {
      report_.version = (*told)->first("monitoredInfo");
    }
    const Values& controls = root->values("supportedControl");
    const auto offers = [&](const char* oid) { return std::find(controls.begin(), controls.end(), oid) != controls.end(); };
    if (!offers(LDAP_CONTROL_PASSWORDPOLICYREQUEST)) {
      lack(NodeKind::account, "overlay ppolicy is not loaded: there is no lock and no gate, so no account can be shown refused");
    }
    if (!offers(LDAP_CONTROL_PAGEDRESULTS)) missing("paged results are not offered: a long listing is cut at the server's size limit");
    return {};
  }

  void held_connections() {
    const auto held = list_held_connections(ours_, settings_, {});
    if (held && held->completeness == model::Completeness::full) {
      right("read cn=Connections,cn=Monitor: held connections are listed");
    } else {
      lack(NodeKind::session, held ? held->reason : held.error().text());
    }
  }

  void control_identity() {
    if (settings_.control_dn.empty()) {
      lack(NodeKind::account, "no control_dn is configured: nothing can be graded refused");
      return;
    }
    // Added and deleted in one modify: the rights are asked for, nothing changes.
    attempt("write pwdAccountLockedTime (lock and unlock accounts)", "pwdAccountLockedTime is not ours to write: no account can be locked",
            {{Change::Kind::add, "pwdAccountLockedTime", {k_locked_for_good}},
             {Change::Kind::remove, "pwdAccountLockedTime", {k_locked_for_good}}},
            k_lock_codes);
    attempt("write pwdEndTime (a lock that a password reset does not clear)",
            "pwdEndTime is not ours to write: a later password reset would unlock a person again",
            {{Change::Kind::add, "pwdEndTime", {k_ended_long_ago}}, {Change::Kind::remove, "pwdEndTime", {k_ended_long_ago}}},
            k_lock_codes);
    const auto entry = read_dn(ours_, settings_.control_dn, {"pwdAccountLockedTime"});
    if (entry && *entry && !lock_of(**entry).since.empty()) {
      lack(NodeKind::account, "the control identity is locked: unlock it, or nothing can be graded refused");
      return;
    }
    // slapd asks its access rules for the whole modify before it applies the first change; the last one cannot be applied.
    attempt("root-equivalent: write userPassword, so this credential can become anybody in the tree; guard it like the directory's root",
            "userPassword is not ours to write: passwords cannot be replaced",
            {{Change::Kind::replace, "userPassword", {settings_.control_credential.reveal()}},
             {Change::Kind::remove, "pwdAccountLockedTime", {k_locked_for_good}}},
            {LDAP_NO_SUCH_ATTRIBUTE});
  }

  /// Ends the control identity's validity for one try at the gate. Its own mark, so that a crash in between is mended by the next check.
  void gate_names_a_lock(const std::function<base::Result<Reply>()>& try_gate) {
    const Change begin{Change::Kind::add, "pwdEndTime", {k_end_of_check}}, end{Change::Kind::remove, "pwdEndTime", {k_end_of_check}};
    const auto left_over = ours_.modify(settings_.control_dn, {end});
    const auto begun = ours_.modify(settings_.control_dn, {begin});
    if (!left_over || !begun || begun->code != LDAP_SUCCESS) return;  // the missing right is named already
    const auto reply = try_gate();
    const auto restored = ours_.modify(settings_.control_dn, {end});
    if (!restored || restored->code != LDAP_SUCCESS) {
      lack(NodeKind::account,
           "the control identity is left with pwdEndTime " + std::string(k_end_of_check) + ": remove it, or run this check again");
    }
    const auto policy = reply && reply->policy ? parse_password_policy(*reply->policy) : std::nullopt;
    if (policy && policy->error == k_policy_account_locked) {
      right("the gate names a lock to whoever asks (shown on the control identity)");
    } else {
      lack(NodeKind::account, "a lock is not named to whoever asks: set ppolicy_use_lockout, or no account can be shown refused");
    }
  }

  void kill_switch(const SwitchProof& proof) {
    if (proof.answer == SwitchProof::Answer::works) {
      right("write the switch group; " + proof.words);
    } else {
      lack(NodeKind::session, proof.words);
    }
  }

  void gate(const base::Result<ProbeResult>& control) {
    if (control && control->answer == model::ProbeAnswer::admitted) return;
    lack(NodeKind::account, "the control identity is not admitted at the gate (" + (control ? control->words : control.error().text()) +
                                "): nothing can be graded refused");
  }

 private:
  void right(std::string words) { report_.rights.push_back(std::move(words)); }
  void missing(std::string words) { report_.missing.push_back(std::move(words)); }
  void lack(NodeKind kind, const std::string& words) {
    missing(words);
    report_.gaps.push_back({settings_.system, kind, words});
  }
  /// `granted_codes`: what slapd answers when its access rules let the modify pass.
  void attempt(const std::string& granted, const std::string& refused, const std::vector<Change>& changes,
               std::initializer_list<int> granted_codes) {
    const auto reply = ours_.modify(settings_.control_dn, changes);
    if (reply && std::find(granted_codes.begin(), granted_codes.end(), reply->code) != granted_codes.end()) return right(granted);
    missing(refused + " (" + (reply ? code_words(reply->code, reply->diagnostic) : reply.error().what) + ")");
  }

  Connection& ours_;
  const Settings& settings_;
  CheckReport& report_;
};

}  // namespace

base::Result<CheckReport> OpenLdap::check(const Deadline& deadline) {
  EXEUNT_TRY_ASSIGN(Connection ours, open(deadline.timeout));
  CheckReport report;
  Checker checker(ours, settings_, report);
  EXEUNT_TRY(checker.root_dse());
  EXEUNT_TRY_ASSIGN(const auto base, read_dn(ours, settings_.base_dn, {"entryUUID"}));
  if (!base) {
    return base::fail(base::Code::failed_precondition, ours.subject() + ": base_dn " + settings_.base_dn + " is absent or not ours to see",
                      "check base_dn, and that our bind DN may read below it");
  }
  report.rights.emplace_back("read the tree under " + settings_.base_dn);
  checker.held_connections();
  checker.control_identity();
  if (!settings_.control_dn.empty()) {
    ProbeRequest request;
    request.target.key = {settings_.system, NodeKind::account, {}};
    request.moment = model::ProbeMoment::control;
    request.deadline = deadline;
    checker.gate_names_a_lock([&] { return try_gate(settings_.control_dn, deadline.timeout); });
    checker.gate(probe_control(request));
  }
  checker.kill_switch(switch_proof(ours, deadline.timeout));
  return report;
}

}  // namespace exeunt::connect::openldap
