#include "connect/redis/catalogue.hpp"

#include "connect/catalogue_parts.hpp"

namespace exeunt::connect {

using model::Action;
using model::ActionSpec;
using model::Grade;
using model::NodeKind;
using model::PathSpec;
using model::ProbeMeans;
using model::Stage;

namespace {

// One thread executes every command, so an ACL change holds for whatever comes after it; 5 s leave room for a second look.
constexpr SettleWindow k_settle{
    base::Duration{5'000},
    "measured on Redis 7.0: ACL SETUSER and CLIENT KILL hold for the next command of anybody; commands run in one thread"};

std::vector<ActionSpec> action_specs() {
  ActionSpec lock = action_on(NodeKind::account, Action::lock_and_replace, {NodeKind::account});
  lock.needs_secret = true;
  lock.destructive = true;
  lock.composed_of = {Action::disable_account, Action::replace_password};
  lock.reasserts = true;
  lock.witnesses = {NodeKind::session};
  lock.expected_calls = 7;
  lock.why =
      "ACL SETUSER takes every password and every right (off alone only shadows them: a later on would revive the password, and a held "
      "session with ACL rights would set it itself); the one password left is the case's own, tried while the user is still on and a "
      "session of ours opened with it (witness), then the "
      "user is set off and the ACL is saved, with whatever others had not saved yet";

  ActionSpec sessions = action_on(NodeKind::account, Action::end_sessions, {NodeKind::session});
  sessions.by_rule = true;
  sessions.expected_calls = 3;
  sessions.reversible = false;
  sessions.why =
      "CLIENT KILL by id: off and a new password leave sessions, subscribers and blocked pops alive (systems.md); a blocked pop is served "
      "without another look at its rights";

  ActionSpec rotate = action_on(NodeKind::secret, Action::rotate_secret, {NodeKind::secret, NodeKind::session});
  rotate.stage = Stage::credentials;
  rotate.by_rule = true;
  rotate.needs_secret = true;
  rotate.destructive = true;
  rotate.reversible = false;
  rotate.expected_calls = 5;
  rotate.why =
      "resetpass and the new hash in one ACL SETUSER (a second password beside the old one would leave the old one), saved, then every "
      "connection older than the change is ended (systems.md, rule 4)";

  ActionSpec remove = action_on(NodeKind::account, Action::delete_account, {NodeKind::account});
  remove.stage = Stage::continuity;
  remove.destructive = true;
  remove.reversible = false;
  remove.expected_calls = 2;
  remove.why = "ACL DELUSER ends what is open under that name and frees the name; saved";
  return {lock, sessions, rotate, remove};
}

std::vector<PathSpec> path_specs() {
  PathSpec account = path_of(NodeKind::account, {ProbeMeans::own, ProbeMeans::read_back}, Grade::refused, k_settle);
  account.refusal =
      "WRONGPASS for the password that this case set and that was let in before the user was set off, while that password is still the "
      "user's only one and the user is off";
  account.trying_counts_as_failure = true;  // before the lock nothing but a wrong password could be tried; the right one is tried inside it
  account.gaps = {
      "Redis answers alike for a wrong password, a disabled user and none: only the process that made the cut can tell them apart; after a "
      "restart of Exeunt, or where the case's password was not let in before the cut, the ending is read back",
      "a user name is no immutable id: whoever makes a user of that name again makes a way in",
  };

  PathSpec session = path_of(NodeKind::session, {ProbeMeans::witness, ProbeMeans::read_back}, Grade::witnessed, k_settle);
  session.refusal =
      "a session of ours as the same user, opened before the lock, is closed (EOF) while one of our own user answers, and neither is "
      "listed; "
      "else no connection with that id and address in CLIENT LIST, listed whole";
  session.gaps = {"connections through a proxy (Envoy, twemproxy) appear under the proxy's own user: list and end them there"};

  PathSpec secret = path_of(NodeKind::secret, {ProbeMeans::own}, Grade::refused, k_settle);
  secret.refusal = "WRONGPASS for the old value while the new value logs in from the same place";
  return {account, session, secret};
}

}  // namespace

model::Catalogue redis_catalogue() {
  model::Catalogue catalogue;
  catalogue.kind = "redis";
  catalogue.actions = action_specs();
  catalogue.paths = path_specs();
  catalogue.laws = {
      {Action::lock_and_replace, Action::end_sessions, "block new logins before ending sessions: a client comes back at once"},
      {Action::end_sessions, Action::delete_account, "sessions are named by id before the name is freed"},
      {Action::lock_and_replace, Action::delete_account, "sessions are named by id before the name is freed"},
  };
  catalogue.budget = {.calls_per_second = 50, .burst = 50, .concurrency = 4};
  catalogue.gaps = {
      "each server of a cluster, each replica and each Sentinel keeps users of its own: configure each as a system",
      "the server does not remember who made a user: users that nobody claims are named, look at them",
      "which of several passwords of one user is whose is not known: all of them are replaced together",
      "functions and scripts that she loaded stay and run with their caller's rights: read FUNCTION LIST",
      "data that she copied (MIGRATE, DUMP, a replica of her own) is out of reach; operating-system access to the host is not seen from "
      "here",
  };
  catalogue.restores = {
      let_in_again(Action::lock_and_replace, "her old passwords stay replaced: a new one is made and handed over"),
      never_given_back(Action::end_sessions, "connections are over: she logs in anew"),
      never_given_back(Action::rotate_secret, "the old value stays worthless: whoever needs the secret has its new value from the vault"),
      never_given_back(Action::delete_account, "the user is gone with its rules: a new one is made by hand"),
  };
  return catalogue;
}

}  // namespace exeunt::connect
