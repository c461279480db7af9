// The contract between Exeunt and one system (a directory, a database, a host). Implement it from these comments; the conformance suite
// in connect/conformance.hpp checks it. Native connectors live in connect/<kind>/, one registry line each.
//
// All calls block, are thread-safe, honour `deadline` and never write a secret to a message. Errors:
//   unavailable      certainly no effect (connection refused, name not resolved, TLS name mismatch, down) - may be repeated
//   outcome_unknown  apply only: the request may have arrived (timeout, connection lost after sending)
//   permission_denied, failed_precondition (a setting of the system is missing; `next` names it), not_found, resource_exhausted
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "model/catalogue.hpp"
#include "model/node.hpp"

namespace exeunt::connect {

struct Deadline {
  base::Duration timeout{20'000};  // for the whole call
};

/// Reach and rights. `missing` names each right or setting that is absent and what follows (a gap, a lower grade, nothing works).
struct CheckReport {
  std::string version;              // what the system says it is
  std::vector<std::string> rights;  // what our credentials may do; "root-equivalent" is said in so many words
  std::vector<std::string> missing;
  std::vector<model::Gap> gaps;
  base::Duration clock_offset{0};  // system's clock minus ours, measured; 0 where the system does not tell
};

/// One account of the system as seen from outside, enough to link it to a person. Hostile text.
struct AccountRecord {
  model::Node node;   // kind account
  std::string hr_id;  // immutable key that the system got from the HR or directory source; empty where it has none
  std::string login;
  std::string email;
  std::string display_name;
  bool administrator = false;
  bool enabled = true;
};
struct AccountListing {
  std::vector<AccountRecord> accounts;
  model::Completeness completeness = model::Completeness::none;
  std::string reason;
};

/// Every path of these accounts, all pages or a listing that says it is not full.
struct InventoryRequest {
  std::vector<model::Node> accounts;  // the subject's accounts on this system
  std::vector<model::NodeKey> known;  // credentials known to be the subject's (keys by fingerprint), wherever they are accepted
  std::vector<model::Node> secrets;   // shared secrets of this system that the subject knows (kind secret; facts: account, vault_file)
  Deadline deadline;
};

struct ApplyRequest {
  model::Action action = model::Action::attest;
  model::Node target;  // the account, secret, … that the step names
  // What was listed just now and is to end; empty for actions that are not by rule. Restoring actions: what of a before-image is to be given.
  std::vector<model::Node> covered;
  const base::Secret* new_secret = nullptr;  // present when the ActionSpec needs one; a repeat brings the same value
  std::string vault_reference;               // rotate_secret: where the value lives ("file:…"); the connector does not write it
  std::optional<model::Node> heir;           // transfer_ownership: account of the heir on this system
  Deadline deadline;
};
/// ok = the system acknowledged; nothing is shown ended by it. Applying what is already so is ok.
struct ApplyOutcome {
  std::string words;                        // for the operator: "2 backends ended, NOLOGIN set"
  std::vector<model::NodeId> acknowledged;  // of `covered` (and the target), what the system said yes to or already had
  int calls = 0;
};

enum class Presence { present = 1, absent = 2, unknown = 3 };

/// What an action is about to take from its target, as it is now: each as a node with the facts that giving it back needs (rights, names, flags).
/// The target itself is among them when it is usable now and the action shuts it. What was gone or shut before is not: it is nobody's to give back.
/// Never a password, a hash of one, a token, key material: nothing with which an old way in could come back.
struct BeforeImage {
  std::vector<model::Node> taken;
};

/// What there is of what a restoring action gives (ApplyRequest::covered).
struct RestoreLook {
  std::vector<model::NodeId> there;  // of `covered`: given; an account: usable
  std::vector<model::NodeId> gone;   // of `covered`: what it would be given in or to no longer exists (a deleted account, a deleted group)
  /// restore_account: whether anything but the new credential would open the account. absent: shown that not (the new password is its only one,
  /// or it never has one here); present: it would; unknown: cannot be told. While the account is shut: absent.
  Presence old_way = Presence::unknown;
  std::string words;
};

/// State now, by the best listing that the system has.
struct Observation {
  Presence presence = Presence::unknown;         // a session, key, membership is there or not; an account: present = usable
  model::Grade grade = model::Grade::read_back;  // observed when it came from a second source (process table, kernel, log)
  std::string words;
  /// Present and beyond recall (a signed token, a ticket in hand): accepted until this instant, by our clock, the system's offset counted in.
  /// At the next look, in whatever process, the target brings it back as fact `drains_until_ms`.
  std::optional<base::Time> until = std::nullopt;
  /// What the listing is worth that this was read from: full where absence from it means that there is none. An absence in less shows nothing of
  /// a witness's grade.
  model::Completeness listing = model::Completeness::none;
};

struct ProbeRequest {
  model::Node target;
  model::ProbeMeans means = model::ProbeMeans::gate;
  model::ProbeMoment moment = model::ProbeMoment::after;
  const base::Secret* old_secret = nullptr;  // rotate_secret by own: the value that was replaced
  const base::Secret* new_secret = nullptr;  // and the value that replaced it (must be admitted)
  Deadline deadline;
};
/// One try at the way in, never with the subject's own secrets. A 5xx, a timeout, a redirect, anything not understood: answer unknown (ok,
/// not an error). `refused` only for the declared reason that a live identity does not get.
struct ProbeResult {
  model::ProbeAnswer answer = model::ProbeAnswer::unknown;
  model::ProbeMeans means = model::ProbeMeans::none;
  std::string reason;  // the system's own code: "49+accountLocked", "28000", "USERAUTH_FAILURE"
  std::string words;
};

/// Asks for the successful sign-ins that the system itself keeps: in a log, in a table of sessions.
struct SignInRequest {
  std::vector<model::Node> accounts;  // the subject's alone: of what several know nobody could tell who it was
  std::vector<model::Node> paths;     // what else of hers is known here: a key is hers in a shared account too
  std::vector<model::Node> ours;      // sessions that this case opened itself (witnesses): what began them is no sign-in of hers
  base::Time since{};                 // by our clock; a listing may hold entries ten minutes older: drop them by its offset and error
  std::size_t limit = 500;            // the newest; a listing that has more says so
  Deadline deadline;
};
struct SignIn {
  model::NodeKey used;    // what let her in: one of the request's accounts or paths, or another key on one of the accounts
  model::NodeId account;  // on which account
  base::Time at{};        // by the system's own clock, as it keeps it: the same at every reading
  std::string from;       // the address, as the system names it; hostile
  std::string words;      // for the investigator: "publickey ED25519"; hostile, and never a credential
};
/// Less than full, with the reason, is an answer: a log that cannot be read, one that begins too late or is too long, a table that knows only
/// what is open now. Never an empty listing that says it is full.
struct SignInListing {
  std::vector<SignIn> sign_ins;  // oldest first
  model::Completeness completeness = model::Completeness::none;
  std::string reason;              // why not full; empty when full
  base::Duration clock_offset{0};  // system's clock minus ours, measured in this call
  base::Duration clock_error{0};   // how far `at - clock_offset` may be off, either way: half the round trip, and the step of `at`
};

struct WitnessRequest {
  model::Node account;                              // hers, not shut yet
  model::NodeKind kind = model::NodeKind::session;  // of the PathSpecs whose means have `witness`
  const base::Secret* password = nullptr;           // sealed and durable; set as the account's only password, then used to log in
  Deadline deadline;
};
/// A held session of ours. It lives in this process and closes what it holds when it goes. Not thread-safe.
class Witness {
 public:
  virtual ~Witness() = default;
  /// As an inventory lists it, by its immutable id: the same key, the same facts.
  [[nodiscard]] virtual const model::Node& node() const = 0;
  /// One harmless use. admitted: the system served this very session. refused: the system ended it, or closed the connection. unknown: no
  /// answer in time, anything not understood. Once refused it is refused for good.
  [[nodiscard]] virtual ProbeResult use(const Deadline& deadline) = 0;
};

class Connector {
 public:
  virtual ~Connector() = default;
  [[nodiscard]] virtual const model::Catalogue& catalogue() const = 0;
  [[nodiscard]] virtual base::Result<CheckReport> check(const Deadline& deadline) = 0;
  /// All accounts of the system.
  [[nodiscard]] virtual base::Result<AccountListing> accounts(const Deadline& deadline) = 0;
  [[nodiscard]] virtual base::Result<model::Inventory> inventory(const InventoryRequest& request) = 0;
  /// Idempotent. Never called by anyone but the last gate.
  [[nodiscard]] virtual base::Result<ApplyOutcome> apply(const ApplyRequest& request) = 0;
  [[nodiscard]] virtual base::Result<Observation> observe(const model::Node& target, const Deadline& deadline) = 0;
  /// Changes nothing but what the PathSpec declares (a failed-login count, a log line).
  [[nodiscard]] virtual base::Result<ProbeResult> probe(const ProbeRequest& request) = 0;
  /// The identical call on the control identity for that kind and means: admitted when the gate still lets the living in.
  /// unimplemented where there is no control identity: then nothing of that kind can be graded refused.
  [[nodiscard]] virtual base::Result<ProbeResult> probe_control(const ProbeRequest& request) = 0;
  /// Replaces the account's password by the request's and logs in with it, with no more rights than it takes; never where the account is shut
  /// already (failed_precondition, no effect), never an own account. A change: called by the last gate only, and may be repeated. An error says
  /// why there is none (a gap); the password may have been replaced by then (outcome_unknown, or any error of the login).
  [[nodiscard]] virtual base::Result<std::unique_ptr<Witness>> open_witness(const WitnessRequest&) {
    return base::fail(base::Code::unimplemented, "no session of ours can be opened beside hers on this kind of system");
  }
  /// The same kind, opened the same way for an account of ours: it must go on to answer when hers is refused.
  [[nodiscard]] virtual base::Result<std::unique_ptr<Witness>> open_control_witness(model::NodeKind, const Deadline&) {
    return base::fail(base::Code::unimplemented, "no session of a control identity can be opened on this kind of system");
  }
  /// Reads only. Tries and sessions of our own are not in it (each connector's page says how it knows them), failed sign-ins neither. unimplemented:
  /// this kind of system has no source; any other error: it could not be asked now. Both are gaps.
  [[nodiscard]] virtual base::Result<SignInListing> sign_ins(const SignInRequest&) {
    return base::fail(base::Code::unimplemented, "successful sign-ins are not read from this kind of system");
  }
  /// A look, asked for just before `apply` of an action whose RestoreSpec names what gives it back. Without one (any error) the action is made
  /// all the same, and what it takes cannot come back.
  [[nodiscard]] virtual base::Result<BeforeImage> before(const ApplyRequest&) {
    return base::fail(base::Code::unimplemented, "no before-image is taken on this kind of system");
  }
  /// A look at what a restoring action gives, before and after it: `covered` are nodes of a before-image, `new_secret` as for `apply`.
  [[nodiscard]] virtual base::Result<RestoreLook> look_restored(const ApplyRequest&) {
    return base::fail(base::Code::unimplemented, "nothing is given back on this kind of system");
  }
  /// Accounts that Exeunt itself stands on here (its own credential, the control identity): protected without being configured.
  [[nodiscard]] virtual base::Result<std::vector<model::NodeKey>> own_accounts(const Deadline& deadline) = 0;
};

}  // namespace exeunt::connect
