#include "connect/glewlwyd/catalogue.hpp"

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

constexpr base::Duration k_settle{5'000};
constexpr const char* k_settle_source =
    "measured on Glewlwyd 2.7.5: accounts, sessions and refresh tokens are read from its database at each request";

ActionSpec action_on_account(Action action, std::vector<NodeKind> covers) {
  ActionSpec spec;
  spec.action = action;
  spec.target = NodeKind::account;
  spec.covers = std::move(covers);
  spec.stage = Stage::identity;
  return spec;
}

std::vector<ActionSpec> actions() {
  ActionSpec disable = action_on_account(Action::disable_account, {NodeKind::account});
  disable.expected_calls = 2;
  disable.why =
      "enabled: false refuses the password; the browser's session and refresh tokens go on (measured). An account of a directory is shut "
      "by the "
      "directory's lock, which is read back here";

  ActionSpec lock = action_on_account(Action::lock_and_replace, {NodeKind::account});
  lock.needs_secret = true;
  lock.destructive = true;
  lock.reasserts = true;
  lock.expected_calls = 2;
  lock.composed_of = {Action::disable_account, Action::replace_password};
  lock.why = "one PUT sets enabled: false and a random password, so that enabling the account again revives no password of hers";

  ActionSpec sessions = action_on_account(Action::end_sessions, {NodeKind::session});
  sessions.by_rule = true;
  sessions.reversible = false;
  sessions.expected_calls = 3;
  sessions.why =
      "each by its hash: the session of a disabled account is still issued authorization codes, and is whole again when the account is "
      "enabled (measured)";

  ActionSpec tokens = action_on_account(Action::revoke_tokens, {NodeKind::token});
  tokens.by_rule = true;
  tokens.reversible = false;
  tokens.expected_calls = 3;
  tokens.why =
      "each refresh token by its hash: it mints access tokens for a disabled account (measured). Access tokens cannot be revoked for "
      "whoever checks "
      "them without asking: they drain";

  ActionSpec grants = action_on_account(Action::revoke_grants, {NodeKind::grant});
  grants.by_rule = true;
  grants.expected_calls = 2;
  grants.why = "a consent that stands lets a client have tokens without asking her again";
  return {disable, lock, sessions, tokens, grants};
}

PathSpec path_of(NodeKind kind, std::string refusal, std::vector<std::string> gaps) {
  PathSpec spec;
  spec.kind = kind;
  spec.means = {ProbeMeans::read_back};
  spec.refusal = std::move(refusal);
  spec.best = Grade::read_back;
  spec.settle = k_settle;
  spec.settle_source = k_settle_source;
  spec.gaps = std::move(gaps);
  return spec;
}

std::vector<PathSpec> paths() {
  return {
      path_of(NodeKind::account, "enabled: false; or the directory's lock as the provider reads it; or no such account",
              {"a sign-in is not tried: a wrong password is answered alike for live and disabled accounts"}),
      path_of(NodeKind::session, "listed with enabled: false",
              {"an application that let her in keeps a session of its own: that application is a system of its own"}),
      path_of(NodeKind::token,
              "a refresh token listed with enabled: false; access tokens: none can be had any more, for as long as one is valid",
              {"access tokens are listed nowhere and cannot be revoked for a relying party that checks them by their signature: they are "
               "valid until "
               "they expire"}),
      path_of(NodeKind::grant, "the client is not among the consents", {}),
  };
}

}  // namespace

model::Catalogue glewlwyd_catalogue() {
  model::Catalogue catalogue;
  catalogue.kind = "glewlwyd";
  catalogue.actions = actions();
  catalogue.paths = paths();
  catalogue.laws = {
      {Action::disable_account, Action::end_sessions, "block new sign-ins before ending sessions"},
      {Action::lock_and_replace, Action::end_sessions, "block new sign-ins before ending sessions"},
      {Action::end_sessions, Action::revoke_tokens, "a session that is still open is issued a new refresh token"},
      {Action::end_sessions, Action::revoke_grants, "a session that is still open can consent again"},
  };
  catalogue.budget = {.calls_per_second = 20, .burst = 40, .concurrency = 2};
  catalogue.gaps = {
      "applications that trust this provider keep sessions and data of their own: each is a system of its own",
      "tokens that a client holds for itself (client_credentials) belong to no person: clients that a leaver registered or knows the "
      "secret of are not "
      "listed",
      "API keys of administrators are not listed: look at /api/key as an administrator",
      "a second instance of the OpenID plugin, and the older OAuth2 plugin, keep tokens of their own: configure each as a system of its "
      "own",
  };
  catalogue.restores = {
      never_given_back(Action::end_sessions, "sessions stay ended: she signs in anew"),
      never_given_back(Action::revoke_tokens, "tokens stay revoked: clients get new ones when she signs in anew"),
  };
  return catalogue;
}

}  // namespace exeunt::connect
