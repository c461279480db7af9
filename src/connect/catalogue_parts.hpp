// The beginnings of a catalogue's rows; what is special about each is set after them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/catalogue.hpp"

namespace exeunt::connect {

/// How long a system may lag behind its own answer, and where that figure comes from.
struct SettleWindow {
  base::Duration length;
  const char* source;
};

[[nodiscard]] inline model::ActionSpec action_on(model::NodeKind target, model::Action action, std::vector<model::NodeKind> covers) {
  model::ActionSpec spec;
  spec.action = action;
  spec.target = target;
  spec.covers = std::move(covers);
  return spec;
}

[[nodiscard]] inline model::PathSpec path_of(model::NodeKind kind, std::vector<model::ProbeMeans> means, model::Grade best,
                                             const SettleWindow& settle) {
  model::PathSpec spec;
  spec.kind = kind;
  spec.means = std::move(means);
  spec.best = best;
  spec.settle = settle.length;
  spec.settle_source = settle.source;
  return spec;
}

[[nodiscard]] inline model::RestoreSpec given_back(model::Action of, model::Action by, std::string not_with_it = {}) {
  return {of, by, false, std::move(not_with_it)};
}
/// The account, by a new password in the same call.
[[nodiscard]] inline model::RestoreSpec let_in_again(model::Action of, std::string not_with_it) {
  return {of, model::Action::restore_account, true, std::move(not_with_it)};
}
[[nodiscard]] inline model::RestoreSpec never_given_back(model::Action of, std::string why) {
  return {of, std::nullopt, false, std::move(why)};
}

}  // namespace exeunt::connect
