#include "connect/openldap/catalogue.hpp"

#include "connect/catalogue_parts.hpp"

namespace exeunt::connect {
namespace {

using model::Action;
using model::ActionSpec;
using model::Grade;
using model::NodeKind;
using model::PathSpec;
using model::ProbeMeans;
using model::Stage;

constexpr base::Duration k_settle{2'000};
constexpr const char* k_settle_source =
    "measured on slapd 2.5.13: entry, policy and ACL groups are read anew at every bind and operation; one server, no replica";

ActionSpec lock_and_replace() {
  ActionSpec spec;
  spec.action = Action::lock_and_replace;
  spec.target = NodeKind::account;
  spec.covers = {NodeKind::account};
  spec.stage = Stage::identity;
  spec.needs_secret = true;
  spec.destructive = true;
  spec.expected_calls = 5;
  spec.composed_of = {Action::replace_password, Action::disable_account};
  spec.reasserts = true;
  spec.why =
      "a password reset after the lock silently clears the lock (slapd 2.5.13, measured), and so does the same modify on an entry that is "
      "already locked unless it deletes the old lock by name: so every password value, the lock and an end of validity in the past are set "
      "in "
      "one modify, after the DN was put into the switch group, so that no held connection can undo it";
  return spec;
}

ActionSpec disable_account() {
  ActionSpec spec;
  spec.action = Action::disable_account;
  spec.target = NodeKind::account;
  spec.covers = {NodeKind::account};
  spec.stage = Stage::identity;
  spec.expected_calls = 2;
  spec.undone_over = {NodeKind::session};
  spec.why = "pwdAccountLockedTime 000001010000Z refuses every later bind; connections that are bound already live on and can clear it";
  return spec;
}

ActionSpec replace_password() {
  ActionSpec spec;
  spec.action = Action::replace_password;
  spec.target = NodeKind::account;
  spec.covers = {NodeKind::account};
  spec.stage = Stage::identity;
  spec.needs_secret = true;
  spec.destructive = true;
  spec.expected_calls = 2;
  spec.undoes = {Action::disable_account};
  spec.reasserts = true;
  spec.why =
      "replaces every password value; slapd clears a lock on any password change, so a lock that stands is set again in the same modify";
  return spec;
}

ActionSpec end_sessions() {
  ActionSpec spec;
  spec.action = Action::end_sessions;
  spec.target = NodeKind::account;
  spec.covers = {NodeKind::session};
  spec.stage = Stage::identity;
  spec.by_rule = true;
  spec.shuts_target = true;  // the switch group takes every right from the account itself
  spec.expected_calls = 3;
  spec.why =
      "bound connections survive lock, reset, group removal and deletion (measured): the DN that each was bound with goes into the group "
      "that "
      "the kill-switch ACL names, which takes every right from it at the next operation";
  return spec;
}

ActionSpec remove_memberships() {
  ActionSpec spec;
  spec.action = Action::remove_memberships;
  spec.target = NodeKind::account;
  spec.covers = {NodeKind::membership};
  spec.stage = Stage::credentials;
  spec.by_rule = true;
  spec.leaves_out = {NodeKind::membership};
  spec.expected_calls = 4;
  spec.why = "group membership is what other systems read from the directory; the switch group is never among them";
  return spec;
}

std::vector<PathSpec> paths() {
  PathSpec account;
  account.kind = NodeKind::account;
  account.means = {ProbeMeans::gate, ProbeMeans::read_back};
  account.refusal =
      "bind with a random password: result 49 and the password policy answer accountLocked (30 03 81 01 01), while the entry holds a lock "
      "for good";
  account.best = Grade::refused;
  account.trying_counts_as_failure = true;
  account.settle = k_settle;
  account.settle_source = k_settle_source;
  account.gaps = {
      "a bind by certificate (SASL EXTERNAL) or Kerberos passes no password policy: look for authz-regexp and authzTo in the server's "
      "configuration"};

  PathSpec session;
  session.kind = NodeKind::session;
  session.means = {ProbeMeans::read_back};
  session.refusal =
      "gone from cn=Connections,cn=Monitor, or still open and its DN in the switch group while the same group takes every right from a "
      "held "
      "connection of the control identity";
  session.best = Grade::read_back;
  session.settle = k_settle;
  session.settle_source = k_settle_source;
  session.gaps = {"a connection that was bound before the entry was renamed carries the old DN: it is found only under names that we saw"};

  PathSpec membership;
  membership.kind = NodeKind::membership;
  membership.means = {ProbeMeans::read_back};
  membership.refusal = "the group no longer lists the entry";
  membership.best = Grade::read_back;
  membership.settle = k_settle;
  membership.settle_source = k_settle_source;
  membership.gaps = {"dynamic groups (memberURL) and access rules that name the DN itself are not listed"};
  return {account, session, membership};
}

}  // namespace

model::Catalogue openldap_catalogue() {
  model::Catalogue catalogue;
  catalogue.kind = "openldap";
  catalogue.version = 1;
  catalogue.actions = {lock_and_replace(), disable_account(), replace_password(), end_sessions(), remove_memberships()};
  catalogue.paths = paths();
  catalogue.laws = {
      {Action::replace_password, Action::disable_account, "a reset after the lock clears the lock"},
      {Action::lock_and_replace, Action::end_sessions, "new binds are shut before held connections are ended"},
      {Action::disable_account, Action::end_sessions, "new binds are shut before held connections are ended"},
  };
  catalogue.budget = {.calls_per_second = 100, .burst = 100, .concurrency = 4};
  catalogue.gaps = {
      "connections to a replica or through a proxy are listed by that server only: configure it as a system of its own, or end its "
      "connections by hand",
      "an application that checked a password by a bind keeps its own session: that application is a system of its own",
      "sshPublicKey and userCertificate values stay served to whoever reads them: the hosts that trust them are systems of their own",
  };
  constexpr auto k_old_password = "her old password stays replaced: a new one is made and handed over";
  catalogue.restores = {
      let_in_again(Action::lock_and_replace, k_old_password),
      let_in_again(Action::disable_account, k_old_password),
      never_given_back(Action::replace_password, k_old_password),
      never_given_back(Action::end_sessions, "held connections keep no rights: she binds anew, with the new password"),
      given_back(Action::remove_memberships, Action::restore_memberships),
  };
  return catalogue;
}

}  // namespace exeunt::connect
