#include "connect/kerberos/catalogue.hpp"

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
    base::Duration{5'000},
    "measured on MIT krb5 1.20: the KDC reads its database at each request; replicas lag behind by their propagation"};

constexpr const char* k_old_keys = "her password and every copy of a keytab stay worthless: a new keytab is made from the new password";

std::vector<ActionSpec> action_specs() {
  ActionSpec disable = action_on(NodeKind::account, Action::disable_account, {NodeKind::account, NodeKind::token});
  disable.stage = Stage::identity;
  disable.expected_calls = 2;
  disable.also_shuts = {NodeKind::key};
  disable.why = "-allow_tix: no new ticket for any key of the principal; tickets in hand go on until they end (measured)";

  ActionSpec replace = action_on(NodeKind::account, Action::replace_password, {NodeKind::key});
  replace.stage = Stage::credentials;
  replace.destructive = true;
  replace.reversible = false;
  replace.expected_calls = 2;
  replace.why = "cpw -randkey: password and every copy of a keytab are worthless; a lock stays as it is (measured)";

  ActionSpec lock = action_on(NodeKind::account, Action::lock_and_replace, {NodeKind::account, NodeKind::key, NodeKind::token});
  lock.stage = Stage::identity;
  lock.destructive = true;
  lock.reversible = false;
  lock.composed_of = {Action::disable_account, Action::replace_password};
  lock.reasserts = true;
  lock.expected_calls = 8;
  lock.why =
      "a random key in the place of all (a later +allow_tix would revive password and keytab copies), its version as string attribute "
      "exeunt_key "
      "(so that a key set by somebody else is known for none of ours), then -allow_tix as the last word: a new key clears nothing";

  ActionSpec remove = action_on(NodeKind::account, Action::delete_account, {NodeKind::account, NodeKind::key, NodeKind::token});
  remove.stage = Stage::continuity;
  remove.destructive = true;
  remove.reversible = false;
  remove.expected_calls = 1;
  remove.why = "delprinc frees the name; tickets in hand go on, and then nothing says since when (measured): lock first";
  return {disable, replace, lock, remove};
}

std::vector<PathSpec> path_specs() {
  PathSpec account = path_of(NodeKind::account, {ProbeMeans::gate, ProbeMeans::read_back}, Grade::refused, k_settle);
  account.refusal =
      "AS-REQ without pre-authentication: CLIENT_REVOKED (not LOCKED_OUT), NAME_EXP, or C_PRINCIPAL_UNKNOWN for one that was listed; a "
      "living "
      "one gets PREAUTH_REQUIRED or a ticket";
  account.gaps = {
      "the KDC's answer to a request without a key is not signed: whoever sits on the network between us and the KDC could forge it",
      "one KDC is asked: replicas go on issuing tickets until the change has reached them",
      "a principal's name is no immutable id: whoever makes one of that name again makes a way in",
  };
  PathSpec key = path_of(NodeKind::key, {ProbeMeans::read_back}, Grade::read_back, k_settle);
  key.refusal = "the key version is not listed any more";
  key.gaps = {
      "a key is a password or a copy of a keytab, wherever copied: copies are not listed, and end with their key version only",
      "the gate does not see a new key: that the old one is refused is read back, not tried",
      "a ticket for kadmin/changepw that she holds lets her set a key once more behind the lock: replace keys again before anybody unlocks",
  };
  PathSpec token = path_of(NodeKind::token, {ProbeMeans::read_back}, Grade::read_back, k_settle);
  token.refusal = "no ticket could be had for as long as one can last: ticket and renewable life of the principal, and the clock skew";
  token.gaps = {
      "tickets in hand are listed nowhere; only new keys of krbtgt and of services end them, for everybody",
      "lives that were longer, or postdated tickets that were allowed, before the principal was listed are not seen",
  };
  return {account, key, token};
}

}  // namespace

model::Catalogue kerberos_catalogue() {
  model::Catalogue catalogue;
  catalogue.kind = "kerberos";
  catalogue.actions = action_specs();
  catalogue.paths = path_specs();
  catalogue.laws = {
      {Action::disable_account, Action::replace_password, "a new key is made behind the lock"},
      {Action::disable_account, Action::delete_account, "the lock's time says when her last ticket ends; a deleted principal has none"},
      {Action::lock_and_replace, Action::delete_account, "the lock's time says when her last ticket ends; a deleted principal has none"},
  };
  catalogue.budget = {.calls_per_second = 50, .burst = 50, .concurrency = 4};
  catalogue.gaps = {
      "services that she got into with a ticket keep sessions of their own: each is a system of its own",
      "whose keytabs she has copied from hosts and services is not known: their principals are replaced by their owners",
      "a service that may impersonate (S4U2Self) and whose key she holds can act in anybody's name: look at principals with "
      "ok_to_auth_as_delegate",
      "principals of other realms that this one trusts are not listed here",
  };
  catalogue.restores = {
      let_in_again(Action::lock_and_replace, k_old_keys),
      let_in_again(Action::disable_account, k_old_keys),
      never_given_back(Action::replace_password, k_old_keys),
      never_given_back(Action::delete_account, "the principal is gone: a new one is made by hand"),
  };
  return catalogue;
}

}  // namespace exeunt::connect
