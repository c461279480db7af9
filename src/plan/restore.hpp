// The plan that gives back what a case took by mistake: compiled from what the case's journal says, and from nothing else. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace exeunt::plan {

/// A step of the case that had an effect, or may have had one.
struct TakenStep {
  Step step;                                      // as it was approved
  std::optional<std::vector<model::Node>> image;  // what it found just before it acted; nullopt: none was kept
};

struct RestoreInput {
  const std::vector<Plan>& plans;            // of the departure, approved, the main one first
  const std::vector<TakenStep>& taken;       // in the order of those plans
  const std::vector<PlannedPath>& old_ways;  // every way in that the case ended, with the step that did; witnesses left out
  const std::map<model::SystemId, model::Catalogue>& catalogues;
  const std::set<model::SystemId>& identity_systems;
  std::int64_t through = 0;  // entries of the journal that all this was read from
  std::string reason;
  model::PersonId hand_to;  // who gets the new passwords
};

/// Rights first, in the reverse order of their removal, while every account is still shut; then the accounts, identity systems last. After each
/// account a step in reserve that shuts it again as the case did. `paths`: the old ways in, which have to stay ended. `irreversible`: what
/// cannot come back, each with its reason. failed_precondition: there is nothing to give back.
[[nodiscard]] base::Result<Plan> compile_restore(const RestoreInput& input);

/// The step in reserve that follows this one; nullptr: it opens no account.
[[nodiscard]] const Step* reserve_of(const Plan& restore, const Step& step);

}  // namespace exeunt::plan
