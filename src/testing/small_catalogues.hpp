// Catalogues for tests below connect/: as the real systems have them, shorter.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/catalogue.hpp"

namespace exeunt::testing {

inline model::ActionSpec action(model::Action what, model::NodeKind target, std::vector<model::NodeKind> covers, model::Stage stage) {
  model::ActionSpec out;
  out.action = what;
  out.target = target;
  out.covers = std::move(covers);
  out.stage = stage;
  out.why = "the " + std::string(name(what)) + " of this system";
  return out;
}
inline model::ActionSpec by_rule(model::ActionSpec spec) {
  spec.by_rule = true;
  return spec;
}
inline model::ActionSpec destructive(model::ActionSpec spec, bool reversible = true) {
  spec.destructive = true;
  spec.reversible = reversible;
  return spec;
}

inline model::PathSpec path(model::NodeKind kind, model::Grade best) {
  model::PathSpec out;
  out.kind = kind;
  out.best = best;
  out.means = {best == model::Grade::refused ? model::ProbeMeans::gate : model::ProbeMeans::read_back};
  return out;
}

/// A directory: a reset clears a lock, so both are one call.
inline model::Catalogue small_directory() {
  using enum model::Action;
  using enum model::NodeKind;
  using enum model::Stage;
  model::Catalogue out;
  out.kind = "openldap";
  auto both = destructive(action(lock_and_replace, account, {account}, model::Stage::identity));
  both.composed_of = {replace_password, disable_account};
  both.needs_secret = true;
  both.reasserts = true;
  auto reset = action(replace_password, account, {}, model::Stage::identity);
  reset.undoes = {disable_account};
  reset.reasserts = true;
  out.actions = {by_rule(action(end_sessions, account, {session}, model::Stage::identity)), both,
                 action(disable_account, account, {account}, model::Stage::identity), reset,
                 by_rule(action(remove_memberships, account, {membership}, credentials))};
  out.paths = {path(account, model::Grade::refused), path(session, model::Grade::read_back), path(membership, model::Grade::read_back)};
  out.laws = {{lock_and_replace, end_sessions, "new binds are shut before held connections are ended"}};
  out.budget = {10, 10, 4};
  return out;
}

inline model::Catalogue small_warehouse() {
  using enum model::Action;
  using enum model::NodeKind;
  using enum model::Stage;
  model::Catalogue out;
  out.kind = "postgresql";
  auto lock = destructive(action(lock_and_replace, account, {account}, downstream));
  lock.composed_of = {disable_account, replace_password};
  auto rotate = destructive(by_rule(action(rotate_secret, secret, {secret, session}, credentials)), false);
  rotate.needs_secret = true;
  rotate.expected_calls = 3;
  auto transfer = destructive(action(transfer_ownership, account, {}, continuity), false);
  transfer.needs_heir = true;
  transfer.expected_calls = 4;
  out.actions = {action(disable_account, account, {account}, downstream),
                 lock,
                 by_rule(action(end_sessions, account, {session}, downstream)),
                 by_rule(action(remove_memberships, account, {membership}, downstream)),
                 rotate,
                 action(review, automation, {automation}, continuity),
                 transfer,
                 destructive(action(delete_account, account, {account}, continuity), false)};
  out.paths = {path(account, model::Grade::refused), path(session, model::Grade::observed), path(membership, model::Grade::read_back),
               path(secret, model::Grade::refused)};
  out.laws = {{lock_and_replace, end_sessions, "a client reconnects at once"},
              {review, transfer_ownership, "her code must not run unread"}};
  out.budget = {2, 4, 4};
  return out;
}

inline model::Catalogue small_bastion() {
  using enum model::Action;
  using enum model::NodeKind;
  using enum model::Stage;
  model::Catalogue out;
  out.kind = "openssh";
  auto end = destructive(by_rule(action(end_sessions, account, {session, key}, credentials)), false);
  end.composed_of = {revoke_keys, end_sessions};
  end.reasserts = true;
  out.actions = {by_rule(action(revoke_keys, account, {key}, credentials)),
                 by_rule(action(revoke_certificates, account, {certificate}, credentials)),
                 action(disable_account, account, {account}, credentials), end};
  out.paths = {path(key, model::Grade::refused), path(certificate, model::Grade::refused), path(session, model::Grade::observed),
               path(account, model::Grade::read_back)};
  out.laws = {{revoke_keys, end_sessions, "otherwise she logs in again with the same key"},
              {revoke_keys, disable_account, "the account counts as shut when nothing is left that opens it"}};
  out.budget = {20, 20, 4};
  return out;
}

inline model::Catalogue small_desk() {
  using enum model::Action;
  using enum model::NodeKind;
  model::Catalogue out;
  out.kind = "attest";
  out.actions = {action(attest, resource, {resource}, model::Stage::devices),
                 action(review, resource, {resource}, model::Stage::continuity)};
  out.paths = {path(resource, model::Grade::attested)};
  return out;
}

inline std::map<model::SystemId, model::Catalogue> small_catalogues() {
  return {{model::SystemId("directory"), small_directory()},
          {model::SystemId("warehouse"), small_warehouse()},
          {model::SystemId("bastion"), small_bastion()},
          {model::SystemId("desk"), small_desk()}};
}

}  // namespace exeunt::testing
