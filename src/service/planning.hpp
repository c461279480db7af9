// Use case: map a person's access, compile a plan, open a case that waits for its approval.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/survey.hpp"
#include "plan/plan.hpp"
#include "service/home.hpp"
#include "service/operators.hpp"

namespace exeunt::service {

/// Blocks on the systems. A subject who is not in the people list: not_found.
[[nodiscard]] base::Result<engine::Survey> map_subject(Home& home, const model::PersonId& subject,
                                                       const std::set<model::NodeId>& confirmed);

struct PlanRequest {
  model::PersonId subject;
  std::string reason = "departure";
  model::Urgency urgency = model::Urgency::immediate;
  std::set<model::NodeId> confirmed;  // proposed links that a person confirmed: signed with the plan
};
struct Planned {
  model::CaseId case_id;
  plan::Plan plan;
  std::string digest;
  std::vector<engine::SystemFailure> failures;
};
/// Opens a new case. failed_precondition: a guard of the planner, or an open case of the same person (named). The plan's bytes, the policy's and
/// everything found are durable when it returns; nothing outside was changed.
[[nodiscard]] base::Result<Planned> plan_departure(Home& home, const Operator& who, const PlanRequest& request, const base::Clock& clock,
                                                   base::Random& random);

/// A case by its id or a prefix that only one has. not_found, failed_precondition when several match.
[[nodiscard]] base::Result<store::CaseRow> resolve_case(store::Store& store, std::string_view words);

}  // namespace exeunt::service
