// Steps while a plan is being made: what is to be done to which anchor of the map, before stages and order are settled.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plan/plan.hpp"

namespace exeunt::plan {

struct Draft {
  Step step;
  model::NodeId group;    // the anchor whose order laws hold for it; a review belongs to the account that owns the code
  std::size_t depth = 0;  // steps of the witness: her own accounts before those that hers created
  std::vector<model::Action> undoes;
  bool reasserts = false;
  std::set<model::NodeId> ends;  // what of the map it covers
};

/// What the making of a plan knows beside the input; filled once, read by every part.
struct Ground {
  explicit Ground(const PlanInput& plan_input);
  [[nodiscard]] const model::Catalogue* catalogue(const model::SystemId& system) const;
  [[nodiscard]] model::Node node(const model::NodeId& id) const;  // with what the map knows of it
  [[nodiscard]] bool in_scope(const model::NodeId& id) const { return scope.contains(id); }
  [[nodiscard]] model::PersonId heir() const;

  const PlanInput& input;
  std::vector<graph::Path> paths;                              // of the whole map
  std::vector<model::NodeId> anchors;                          // in scope
  std::map<model::NodeId, std::vector<model::NodeId>> family;  // anchor -> what is below it
  std::set<model::NodeId> scope;                               // nodes that this plan is for
};

/// One draft for each action on each anchor; tasks and reviews too. What nothing can end becomes a gap.
[[nodiscard]] std::vector<Draft> draft_steps(const Ground& ground, std::vector<model::Gap>& gaps);

/// Settles stages, order, ids, `after` and the words for it. failed_precondition: laws that contradict each other.
[[nodiscard]] base::Result<std::vector<Draft>> put_in_order(const Ground& ground, std::vector<Draft> drafts);

/// failed_precondition: an action that undoes another and neither composes nor re-asserts it. Order alone does not help: any step may
/// have to run again after a lost answer or a crash.
[[nodiscard]] base::Status check_catalogue(const model::SystemId& system, const model::Catalogue& catalogue);

/// failed_precondition: the subject, or something that a draft would touch, is protected, or Exeunt stands on it.
[[nodiscard]] base::Status check_protection(const Ground& ground, const std::vector<Draft>& drafts);

}  // namespace exeunt::plan
