// The plan: pure function of map, policy and catalogues. Same input, same bytes, same digest; the bytes are what an approval binds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "graph/access_map.hpp"
#include "model/catalogue.hpp"
#include "model/departure.hpp"
#include "plan/policy.hpp"

namespace exeunt::plan {

struct PlannedPath {
  model::Node node;
  model::Grade required = model::Grade::read_back;
  bool watched_only = false;
  model::StepId step;  // the step that ends it
};

struct Step {
  model::StepId id;
  model::Stage stage = model::Stage::downstream;
  model::Action action = model::Action::attest;
  model::Node target;  // account, secret, … named one by one
  std::vector<model::NodeKind> covers;
  bool by_rule = false;  // ends all there are of `covers` on `target` when it runs
  bool destructive = false, reversible = true, needs_secret = false;
  std::string vault_reference;      // rotate_secret
  std::optional<model::Node> heir;  // transfer_ownership: heir's account on that system
  model::PersonId assignee;         // attest, review
  std::string words;                // attest: the task
  base::Duration due{};
  std::vector<model::StepId> after;        // must have been applied before (inside the same or an earlier stage)
  std::vector<model::NodeKind> witnesses;  // kinds of which a path of ours is opened on the target just before, and ended with hers
  std::vector<model::Node> gives;          // restoring actions: what of a before-image it gives back, with the facts that takes
  std::vector<model::Node> follows;        // of a restore: accounts that only a lock on this one's system shut, and that come back with it
  bool reserve = false;                    // of a restore: made only where an old way in is let in after the step that it follows
  int expected_calls = 1;
  std::string why;  // why it stands where it stands
};

struct Plan {
  model::TenantId tenant;
  model::CaseId case_id;
  std::string name;  // "" or "d1", "d2" … for delta plans; "restore"
  model::Person subject;
  std::string reason;
  model::Urgency urgency = model::Urgency::immediate;
  std::vector<graph::Link> links;     // strong and confirmed: the accounts in reach by name
  std::vector<graph::Link> proposed;  // waiting for a person: not acted upon
  std::vector<PlannedPath> paths;
  std::vector<Step> steps;  // in order of execution
  std::vector<model::NodeId> bystanders;
  std::vector<std::string> irreversible;  // said before approval
  std::vector<model::Gap> gaps;
  std::vector<model::Listing> listings;
  std::vector<model::PersonId> heirs;
  std::int64_t through = 0;   // of a restore: how many entries of the case's journal it was made from
  model::PersonId hand_to;    // of a restore: who gets the new passwords
  int destructive_calls = 0;  // approved blast radius
  std::string policy_digest;
  std::map<model::SystemId, std::string> catalogue_digests;
  base::Duration approval_valid{};
  base::Duration lower_bound{};    // shortest possible run under the budgets
  model::SystemId binding_system;  // the one that sets it
};

struct PlanInput {
  const graph::AccessMap& map;
  const Policy& policy;
  const std::map<model::SystemId, model::Catalogue>& catalogues;
  model::TenantId tenant;
  model::CaseId case_id;
  std::string reason;
  model::Urgency urgency = model::Urgency::immediate;
  std::string name;                              // delta plans
  std::vector<model::NodeId> only_nodes;         // delta plans: plan for these nodes only; empty: everything
  std::map<model::SystemId, model::Node> heirs;  // the heir's account on each system where they have one
};

/// A node with this fact at "yes" is what Exeunt itself stands on (its own credential, a control identity): protected without being configured.
inline constexpr std::string_view k_fact_own_account = "exeunt_own";

/// failed_precondition: the subject or an account is protected; the plan would cut what Exeunt stands on; a catalogue whose action undoes
/// an earlier one and neither composes nor re-asserts it (named); nothing to do.
[[nodiscard]] base::Result<Plan> compile(const PlanInput& input);

[[nodiscard]] std::string to_bytes(const Plan& plan);                 // canonical JSON
[[nodiscard]] base::Result<Plan> from_bytes(std::string_view bytes);  // to_bytes(from_bytes(x)) == x
[[nodiscard]] model::PlanDigest digest_of(std::string_view bytes);
/// What an exception keeps, until when. It is no part of a plan: whoever prints one passes it, and it is said where a step would end it.
using Kept = std::map<model::NodeId, base::Time>;
[[nodiscard]] std::string explain(const Plan& plan, const Kept& kept = {});  // words per step: why it stands where it stands
[[nodiscard]] std::string runbook(const Plan& plan, const Kept& kept = {});  // the same stages for paper, for a day when nothing runs

/// The document that an approver signs (canonical JSON with one final newline): tenant, case, plan digest, expiry.
struct ApprovalRequest {
  model::TenantId tenant;
  model::CaseId case_id;
  model::PlanDigest digest;
  base::Time expires{};
};
[[nodiscard]] std::string approval_document(const ApprovalRequest& request);

}  // namespace exeunt::plan
