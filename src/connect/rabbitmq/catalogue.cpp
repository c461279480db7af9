#include "connect/rabbitmq/catalogue.hpp"

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

constexpr SettleWindow k_settle{
    base::Duration{12'000},
    "statistics lag by collect_statistics_interval (5 s unless set); a handshake that has passed its login may open up to 10 s later "
    "(handshake_timeout): 12 s are past both"};

std::vector<ActionSpec> action_specs() {
  ActionSpec lock = action_on(NodeKind::account, Action::lock_and_replace, {NodeKind::account});
  lock.needs_secret = true;
  lock.destructive = true;
  lock.composed_of = {Action::disable_account, Action::replace_password};
  lock.reasserts = true;
  lock.expected_calls = 4;
  lock.why =
      "the password becomes the case's own and is tried, tags go, max-connections becomes 0 (which also stops a login by certificate, LDAP "
      "or "
      "OAuth, and a handshake under way), then the user has no password at all; definitions on disk keep it so. Permissions stay: without "
      "them an open consumer would go on receiving all the same (systems.md)";

  ActionSpec sessions = action_on(NodeKind::account, Action::end_sessions, {NodeKind::session});
  sessions.by_rule = true;
  sessions.expected_calls = 3;
  sessions.reversible = false;
  sessions.why =
      "DELETE connections of the user, consumers and channels with them, by the broker's own table: closing by name answers 404 as long as "
      "the statistics do not know the connection yet (measured on 3.10)";

  ActionSpec rotate = action_on(NodeKind::secret, Action::rotate_secret, {NodeKind::secret, NodeKind::session});
  rotate.stage = Stage::credentials;
  rotate.by_rule = true;
  rotate.needs_secret = true;
  rotate.destructive = true;
  rotate.reversible = false;
  rotate.expected_calls = 4;
  rotate.why = "a new password with the tags as they were, then every connection that began before it is closed (systems.md, rule 4)";

  ActionSpec review = action_on(NodeKind::automation, Action::review, {NodeKind::automation});
  review.stage = Stage::continuity;
  review.why = "a shovel or federation link logs in under her name: a named person gives it another or takes it away";

  ActionSpec remove = action_on(NodeKind::account, Action::delete_account, {NodeKind::account});
  remove.stage = Stage::continuity;
  remove.destructive = true;
  remove.reversible = false;
  remove.expected_calls = 1;
  remove.why = "DELETE user closes what is open under that name and takes its permissions along";
  return {lock, sessions, rotate, review, remove};
}

std::vector<PathSpec> path_specs() {
  PathSpec account = path_of(NodeKind::account, {ProbeMeans::own, ProbeMeans::read_back}, Grade::refused, k_settle);
  account.refusal =
      "\"Login failed\" for the password that this case set and that was let in before, while the broker lists the user without a password "
      "and with max-connections 0, before and after the try";
  account.trying_counts_as_failure = true;  // before the lock nothing but a wrong password could be tried; the right one is tried inside it
  account.gaps = {
      "a wrong password, a user without one and none at all are told alike: only the process that made the cut can tell them apart; after "
      "a restart of Exeunt, or where the case's password was not let in before the cut, the ending is read back",
      "a user name is no immutable id: whoever makes a user of that name again makes a way in",
      "logins by certificate, LDAP or OAuth are not seen over the API: end them at their source"};

  PathSpec session = path_of(NodeKind::session, {ProbeMeans::read_back}, Grade::read_back, k_settle);
  session.refusal = "no such connection in the broker's table of the user, nor in its statistics";
  session.gaps = {"a client that does not answer Connection.Close stays listed for up to 30 s; its channels and consumers end at once"};

  PathSpec secret = path_of(NodeKind::secret, {ProbeMeans::own}, Grade::refused, k_settle);
  secret.refusal = "\"Login failed\" for the old value while the new value logs in from the same place";

  PathSpec automation = path_of(NodeKind::automation, {ProbeMeans::read_back}, Grade::read_back, k_settle);
  automation.refusal = "the shovel or upstream is gone, or logs in under another name";
  return {account, session, secret, automation};
}

}  // namespace

model::Catalogue rabbitmq_catalogue() {
  model::Catalogue catalogue;
  catalogue.kind = "rabbitmq";
  catalogue.actions = action_specs();
  catalogue.paths = path_specs();
  catalogue.laws = {
      {Action::lock_and_replace, Action::end_sessions, "block new logins before ending sessions: a client comes back at once"},
      {Action::end_sessions, Action::delete_account, "sessions are named before the user is gone"},
      {Action::lock_and_replace, Action::delete_account, "sessions are named before the user is gone"},
      {Action::review, Action::delete_account, "a shovel that still logs in under her name would stop unread"},
  };
  catalogue.budget = {.calls_per_second = 20, .burst = 20, .concurrency = 4};
  catalogue.gaps = {
      "which authentication backends the broker asks (LDAP, HTTP, OAuth 2, certificates) is not told by its API: ask its administrator",
      "a definitions file that is imported at start (load_definitions) brings users back as they stand in it: mend the file",
      "shovels and federation links of other brokers that log in here under her name are seen as connections only",
      "messages that she consumed, and the Erlang cookie on the broker's host, are out of reach",
  };
  catalogue.restores = {
      let_in_again(Action::lock_and_replace, "her old password stays replaced: a new one is made and handed over"),
      never_given_back(Action::end_sessions, "connections are over: she logs in anew"),
      never_given_back(Action::rotate_secret, "the old value stays worthless: whoever needs the secret has its new value from the vault"),
      never_given_back(Action::delete_account, "the user is gone with its permissions: a new one is made by hand"),
  };
  return catalogue;
}

}  // namespace exeunt::connect
