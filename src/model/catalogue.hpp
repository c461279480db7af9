// What a kind of system can do, as data: the planner and the engine decide from this, never from a connector's name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::model {

/// One action of a kind of system.
struct ActionSpec {
  Action action = Action::attest;
  NodeKind target = NodeKind::account;  // the node that a step names
  std::vector<NodeKind> covers;         // kinds of path that it ends on (or below) that target; `target` itself included when it ends it
  Stage stage = Stage::downstream;      // earliest stage in which it makes sense
  bool by_rule = false;                 // true: "all there are when the step runs" of `covers`, listed anew, journalled one by one
  bool needs_secret = false;            // the engine makes, seals and stores a new secret before the first call
  bool needs_heir = false;
  bool destructive = false;  // counts toward the blast radius
  bool reversible = true;
  int expected_calls = 1;
  std::vector<Action> composed_of;  // what this one call does at once (lock_and_replace: both)
  std::vector<Action> undoes;       // what this action silently reverts on the same account …
  bool reasserts = false;           // … unless it sets it again in the same call (then this is true)
  /// Kinds of path over which whoever holds one takes this action back, on a target that says so (fact `undoes_lock`: "yes"). What the map's `--only` has to
  /// know: the action stands only where none of these is left.
  std::vector<NodeKind> undone_over;
  /// Kinds of path on the target that let nobody in while this action stands, and do again when it is taken back: shut, not ended.
  std::vector<NodeKind> also_shuts;
  /// Kinds of path of which a witness is opened on the target just before this call, with the step's new secret as the account's password.
  std::vector<NodeKind> witnesses;
  std::string why;  // one sentence with the source, for --explain

  // What an exception may ask of it. Not in the digest: a plan does not depend on it, and no approval may fall because of it.
  std::vector<NodeKind> leaves_out = {};  // of `covers`: kinds that it ends one by one as they are named, so that one can be left alone
  bool shuts_target = false;              // it shuts its target too, although it does not cover it
  std::string alike_after = {};           // what follows this mark in a native id is what it is shut by: "SHA256:" of a key on two accounts
};

/// Whether what one action took can be given back. Not in the digest: no plan that ends something depends on it.
struct RestoreSpec {
  Action of = Action::attest;  // the action of a case
  std::optional<Action> by;    // what gives it back; nullopt: nothing does
  bool new_password = false;   // the engine makes, seals and hands over a new one; set in the same call
  std::string words = {};      // with `by`: what is not given back with it; without: why not, and what she does instead
};

/// One kind of path on this kind of system, and how well its ending can be shown.
struct PathSpec {
  NodeKind kind = NodeKind::account;
  std::vector<ProbeMeans> means;  // in order of preference; observe / read_back at the end
  std::string refusal;            // what a refusal looks like
  Grade best = Grade::unknown;
  bool trying_counts_as_failure = false;  // then `before` is shown on a control identity
  base::Duration settle{60'000};          // re-probe after this
  std::string settle_source;              // where that figure comes from
  std::vector<std::string> gaps;          // said in the map for each account that has this kind
};

/// `first` must be applied before `then` on the same account, inside a stage or across.
struct OrderLaw {
  Action first = Action::attest;
  Action then = Action::attest;
  std::string why;
};

struct Budget {
  double calls_per_second = 50;
  double burst = 50;
  int concurrency = 4;
};

struct Catalogue {
  std::string kind;  // "openldap"
  int version = 1;
  bool simulated = false;  // shown wherever this system is named
  std::vector<ActionSpec> actions;
  std::vector<PathSpec> paths;
  std::vector<OrderLaw> laws;
  Budget budget;
  std::vector<std::string> gaps;           // what no instance of this kind can list, end or probe
  std::vector<RestoreSpec> restores = {};  // one for each action that can be said something of

  [[nodiscard]] const ActionSpec* find(Action action) const;
  [[nodiscard]] const PathSpec* find(NodeKind kind) const;
  [[nodiscard]] const RestoreSpec* restore_of(Action action) const;
  /// Lower-case hex SHA-256 over a canonical form of everything above but what restore and exceptions ask. A case pins it.
  [[nodiscard]] std::string digest() const;
};

}  // namespace exeunt::model
