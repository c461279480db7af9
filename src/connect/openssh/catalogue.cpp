#include "connect/openssh/catalogue.hpp"

#include "connect/catalogue_parts.hpp"

namespace exeunt::connect {
namespace {

using model::Action;
using model::ActionSpec;
using model::NodeKind;
using model::ProbeMeans;
using model::Stage;

ActionSpec by_rule(Action action, std::vector<NodeKind> covers, bool reversible, std::string why) {
  ActionSpec spec;
  spec.action = action;
  spec.target = NodeKind::account;
  spec.covers = std::move(covers);
  spec.stage = Stage::credentials;
  spec.by_rule = true;
  spec.destructive = true;
  spec.reversible = reversible;
  spec.expected_calls = 4;
  spec.why = std::move(why);
  spec.alike_after = "SHA256:";  // the KRL shuts a key by its hash, on every account and in every certificate
  return spec;
}

std::vector<ActionSpec> actions() {
  std::vector<ActionSpec> out;
  out.push_back(by_rule(
      Action::revoke_keys, {NodeKind::key}, true,
      "removes her lines from authorized_keys and lists the key in the KRL by its hash, so that it is refused on every account of the host "
      "(sshd_config(5) RevokedKeys)"));
  out.back().leaves_out = {NodeKind::key};
  out.push_back(by_rule(Action::revoke_certificates, {NodeKind::certificate}, false,
                        "lists the certified key's hash and the key id in the KRL: a serial misses a re-issued certificate (ssh-keygen(1), "
                        "KEY REVOCATION LISTS)"));
  out.back().leaves_out = {NodeKind::certificate};
  auto disable = by_rule(Action::disable_account, {NodeKind::account}, true,
                         "locks and expires the local account; only where the host itself holds it in shadow(5)");
  disable.by_rule = false;
  disable.expected_calls = 1;
  out.push_back(std::move(disable));
  auto end = by_rule(Action::end_sessions, {NodeKind::session, NodeKind::key}, false,
                     "ends every process of the account, in a shared account those of her connections only; a key that she added over a "
                     "session until then goes in the "
                     "same call");
  end.composed_of = {Action::revoke_keys, Action::end_sessions};
  end.reasserts = true;
  end.leaves_out = {NodeKind::key};
  out.push_back(std::move(end));
  return out;
}

constexpr base::Duration k_settle{3'000};
constexpr auto k_settle_source = "measured on OpenSSH 9.2p1: authorized_keys, KRL and account are read anew at every authentication";

model::PathSpec path(NodeKind kind, std::vector<ProbeMeans> means, std::string refusal, model::Grade best, std::vector<std::string> gaps) {
  model::PathSpec spec;
  spec.kind = kind;
  spec.means = std::move(means);
  spec.refusal = std::move(refusal);
  spec.best = best;
  spec.settle = k_settle;
  spec.settle_source = k_settle_source;
  spec.gaps = std::move(gaps);
  return spec;
}

}  // namespace

model::Catalogue openssh_catalogue() {
  model::Catalogue out;
  out.kind = "openssh";
  out.version = 1;
  out.actions = actions();
  out.paths.push_back(path(NodeKind::key, {ProbeMeans::own, ProbeMeans::read_back},
                           "USERAUTH_FAILURE to the RFC 4252 section 7 query with the public half, which said PK_OK before",
                           model::Grade::refused, {}));
  out.paths.push_back(path(NodeKind::certificate, {ProbeMeans::own, ProbeMeans::read_back},
                           "USERAUTH_FAILURE to the query with the certificate, which said PK_OK before", model::Grade::refused, {}));
  auto session =
      path(NodeKind::session, {ProbeMeans::observe},
           "no process of it in the process table and no socket of it in the kernel, looked at twice", model::Grade::observed, {});
  session.settle_source = "process table and kernel sockets do not lag";
  out.paths.push_back(std::move(session));
  out.paths.push_back(
      path(NodeKind::account, {ProbeMeans::read_back},
           "no key, certificate or password is left that would be taken, or the local account is expired", model::Grade::read_back,
           {"the public-key query does not see PAM: a locked or expired account may still be said to be open (the safe side)"}));
  out.laws = {
      {Action::revoke_keys, Action::end_sessions, "otherwise she logs in again with the same key"},
      {Action::revoke_certificates, Action::end_sessions, "otherwise she logs in again with the certificate"},
      {Action::revoke_keys, Action::disable_account,
       "where the host holds no shadow entry the account counts as shut when nothing is left that opens it"},
      {Action::revoke_certificates, Action::disable_account,
       "where the host holds no shadow entry the account counts as shut when nothing is left that opens it"},
      {Action::disable_account, Action::end_sessions, "block new logins before ending sessions"},
  };
  out.budget = {20, 20, 4};
  out.gaps = {
      "AuthorizedKeysCommand, AuthorizedPrincipalsFile, Match blocks, host-based and Kerberos logins are not read",
      "crontabs, at jobs and lingering services of an account are named, not removed",
      "in a shared account a background job that cleared or forged its SSH_CONNECTION cannot be told from another person's",
      "what a session started as another uid (sudo) and detached from it is seen only while it hangs below the session",
  };
  out.restores = {
      never_given_back(Action::revoke_keys, "her keys stay revoked: she makes a new one, and its public half is added by hand"),
      never_given_back(Action::revoke_certificates, "certificates stay revoked: a new one is issued for a new key"),
      never_given_back(Action::end_sessions, "sessions are over, and processes with them: she logs in anew"),
  };
  return out;
}

}  // namespace exeunt::connect
