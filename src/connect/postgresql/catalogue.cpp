#include "connect/postgresql/catalogue.hpp"

#include <utility>

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

// Roles and passwords are read from shared memory at each login; 5 s leave room for a login that had passed the check just before.
constexpr SettleWindow k_settle{base::Duration{5'000},
                                "measured on PostgreSQL 15: a login after the commit is refused; pg_authid is read at each login"};

std::vector<ActionSpec> account_actions() {
  ActionSpec disable = action_on(NodeKind::account, Action::disable_account, {NodeKind::account});
  disable.undone_over = {NodeKind::session};
  disable.why =
      "ALTER ROLE … NOLOGIN: no new login by any method; open sessions go on (systems.md), and one with CREATEROLE gives LOGIN back";

  ActionSpec lock = action_on(NodeKind::account, Action::lock_and_replace, {NodeKind::account});
  lock.destructive = true;
  lock.composed_of = {Action::disable_account, Action::replace_password};
  lock.reasserts = true;
  lock.needs_secret = true;
  lock.witnesses = {NodeKind::session};
  lock.expected_calls = 3;
  lock.why =
      "her password is replaced and a session of ours opened with the new one (witness); then one ALTER ROLE sets NOLOGIN, destroys the "
      "password, lets it expire and takes CREATEROLE away, so that a later LOGIN revives nothing "
      "and a "
      "held session cannot give LOGIN back to itself";

  ActionSpec sessions = action_on(NodeKind::account, Action::end_sessions, {NodeKind::session});
  sessions.by_rule = true;
  sessions.expected_calls = 2;
  sessions.reversible = false;
  sessions.why =
      "pg_terminate_backend by usesysid: NOLOGIN leaves open sessions writing, and the name is NULL after DROP ROLE (systems.md)";

  ActionSpec memberships = action_on(NodeKind::account, Action::remove_memberships, {NodeKind::membership});
  memberships.by_rule = true;
  memberships.leaves_out = {NodeKind::membership};
  memberships.why = "REVOKE role FROM member; a session that had done SET ROLE keeps its rights until it is ended (probes.md)";
  return {disable, lock, sessions, memberships};
}

std::vector<ActionSpec> further_actions() {
  ActionSpec rotate = action_on(NodeKind::secret, Action::rotate_secret, {NodeKind::secret, NodeKind::session});
  rotate.stage = Stage::credentials;
  rotate.by_rule = true;
  rotate.needs_secret = true;
  rotate.destructive = true;
  rotate.reversible = false;
  rotate.expected_calls = 3;
  rotate.why = "a new SCRAM verifier, then every session that was opened with the old value is ended (systems.md, rule 4)";

  ActionSpec review = action_on(NodeKind::automation, Action::review, {NodeKind::automation});
  review.stage = Stage::continuity;
  review.why = "a SECURITY DEFINER function of hers would run with the heir's rights: a named person reads it before it changes hands";

  ActionSpec transfer = action_on(NodeKind::account, Action::transfer_ownership, {});
  transfer.stage = Stage::continuity;
  transfer.needs_heir = true;
  transfer.destructive = true;
  transfer.reversible = false;
  transfer.expected_calls = 4;
  transfer.why =
      "REASSIGN OWNED in every database; her SECURITY DEFINER functions stay with the disabled role until a person has read them";

  ActionSpec remove = action_on(NodeKind::account, Action::delete_account, {NodeKind::account});
  remove.stage = Stage::continuity;
  remove.destructive = true;
  remove.reversible = false;
  remove.expected_calls = 4;
  remove.why = "DROP OWNED in every database, then DROP ROLE; refused while she still owns anything";
  return {rotate, review, transfer, remove};
}

std::vector<PathSpec> path_specs() {
  PathSpec account = path_of(NodeKind::account, {ProbeMeans::gate, ProbeMeans::read_back}, Grade::refused, k_settle);
  account.refusal =
      "28000 of InitializeSessionUserId at the login gate while the role is still listed under that name (\"not permitted to log in\")";
  account.gaps = {"the login gate does not see passwords or their expiry: it says admitted as long as LOGIN is set (the safe side)"};

  PathSpec session =
      path_of(NodeKind::session, {ProbeMeans::witness, ProbeMeans::observe, ProbeMeans::read_back}, Grade::witnessed, k_settle);
  session.refusal =
      "a session of ours on the same role, opened before the lock, is ended (57P01) while one of our own role answers, and neither is "
      "listed; "
      "else no backend of that role with that process id and start, and the server's log says that it ended";
  session.gaps = {"a session through a connection pooler appears under the pooler's own role: list and end it at the pooler",
                  "prepared transactions outlive the session that made them: see pg_prepared_xacts"};

  PathSpec membership = path_of(NodeKind::membership, {ProbeMeans::read_back}, Grade::read_back, k_settle);
  membership.refusal = "no such row in pg_auth_members";

  PathSpec secret = path_of(NodeKind::secret, {ProbeMeans::own}, Grade::refused, k_settle);
  secret.refusal = "28P01 for the old value while the new value logs in from the same place";
  secret.gaps = {
      "pg_hba lines that ask for no password (trust, peer, cert) let the shared role in whatever its password is: read pg_hba.conf"};

  PathSpec automation = path_of(NodeKind::automation, {ProbeMeans::read_back}, Grade::read_back, k_settle);
  automation.refusal = "the function is gone, is no longer SECURITY DEFINER, or has another owner";

  return {account, session, membership, secret, automation};
}

}  // namespace

model::Catalogue postgresql_catalogue() {
  model::Catalogue catalogue;
  catalogue.kind = "postgresql";
  catalogue.actions = account_actions();
  for (ActionSpec& action : further_actions()) catalogue.actions.push_back(std::move(action));
  catalogue.paths = path_specs();
  catalogue.laws = {
      {Action::disable_account, Action::end_sessions, "block new logins before ending sessions: a client reconnects at once"},
      {Action::lock_and_replace, Action::end_sessions, "block new logins before ending sessions: a client reconnects at once"},
      {Action::lock_and_replace, Action::remove_memberships, "a member could grant herself back what is taken while she can still log in"},
      {Action::end_sessions, Action::delete_account, "after DROP ROLE the sessions go on without a name"},
      {Action::review, Action::delete_account,
       "deleting the role would destroy her code unread; until then it stays with the disabled role"},
      {Action::transfer_ownership, Action::delete_account, "DROP OWNED would destroy what the company needs"},
  };
  catalogue.budget = {.calls_per_second = 20, .burst = 20, .concurrency = 4};
  catalogue.gaps = {
      "roles made inside DO blocks and functions leave no CREATE ROLE statement in the log: unclaimed roles are named, look at them",
      "jobs of schedulers (pg_cron, pgAgent), subscriptions and passwords in user mappings (postgres_fdw, dblink) are not listed: ask the "
      "database's owner",
      "views, rules and policies of hers run with their owner's rights and change hands with it: look at them when ownership is "
      "transferred",
      "operating-system access to the database host and its backups is not seen from here",
  };
  constexpr auto k_old_password = "her old password stays destroyed: a new one is made and handed over";
  catalogue.restores = {
      let_in_again(Action::disable_account, k_old_password),
      let_in_again(Action::lock_and_replace, k_old_password),
      never_given_back(Action::end_sessions, "sessions are over: she logs in anew, with the new password"),
      given_back(Action::remove_memberships, Action::restore_memberships),
      never_given_back(Action::rotate_secret, "the old value stays worthless: whoever needs the secret has its new value from the vault"),
      never_given_back(Action::transfer_ownership, "what she owned belongs to the heir now: the heir hands it back"),
      never_given_back(Action::delete_account, "the role is gone with its OID: whoever gets a new one is another to the database"),
  };
  return catalogue;
}

model::Catalogue postgresql_catalogue_without_gate() {
  model::Catalogue catalogue = postgresql_catalogue();
  for (PathSpec& path : catalogue.paths) {
    if (path.kind != NodeKind::account) continue;
    path.means = {ProbeMeans::read_back};
    path.refusal = "NOLOGIN in pg_roles";
    path.best = Grade::read_back;
    path.gaps = {
        "no login gate: that logins are refused is only read back; one pg_hba line for a database that does not exist shows it "
        "(docs/operations.md)"};
  }
  return catalogue;
}

}  // namespace exeunt::connect
