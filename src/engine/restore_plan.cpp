#include "engine/restore_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/before_image.hpp"
#include "engine/recovery.hpp"
#include "engine/restore_step.hpp"
#include "plan/restore.hpp"

namespace exeunt::engine {

using base::Code;
using base::Result;

namespace {

/// Everything that compile_restore() reads, kept alive for it.
struct Ground {
  std::vector<plan::Plan> plans;
  std::vector<plan::TakenStep> taken;
  std::vector<plan::PlannedPath> old_ways;
  std::map<model::SystemId, model::Catalogue> catalogues;
};

bool was_ended(const PathRecord& path) {
  return !path.ours && (path.state == model::PathState::ended || path.state == model::PathState::draining);
}

Result<Ground> read_case(const EngineNeeds& needs, CaseJournal& journal) {
  Ground out;
  const evidence::CaseFold state = journal.stream().state();
  EXEUNT_TRY_ASSIGN(const auto approved, approved_plans(needs.store, needs.systems, state, needs.clock.now(), Catalogues::any));
  EXEUNT_TRY_ASSIGN(const BeforeImages images, before_images(needs.store, journal.stream().case_id()));
  PathBook book;
  EXEUNT_TRY(rebuild(book, needs.store, approved, journal));
  for (const auto& each : approved) {
    for (const auto& step : each.plan.steps)
      if (const auto image = images.find(step.id); image != images.end()) out.taken.push_back({step, image->second});
    out.plans.push_back(each.plan);
  }
  for (const auto& path : book.all())
    if (was_ended(path)) out.old_ways.push_back({path.node, path.grade_required, !path.required, path.step});
  out.catalogues = catalogues_of(needs.systems);
  return out;
}

const evidence::PlanFold* kept_plan(const evidence::CaseFold& state) {
  const auto found =
      std::find_if(state.plans.begin(), state.plans.end(), [](const auto& plan) { return plan.name == evidence::k_restore_plan; });
  return found == state.plans.end() ? nullptr : &*found;
}

Result<RestorePlan> as_kept(const EngineNeeds& needs, const evidence::PlanFold& kept) {
  RestorePlan out;
  EXEUNT_TRY_ASSIGN(const std::string bytes, needs.store.document("plan", kept.digest));
  EXEUNT_TRY_ASSIGN(out.plan, plan::from_bytes(bytes));
  out.digest = kept.digest;
  out.approved = kept.approved_at.has_value();
  out.expires = kept.compiled_at.value_or(base::Time{}) + out.plan.approval_valid;
  return out;
}

}  // namespace

Result<RestorePlan> make_restore_plan(const EngineNeeds& needs, CaseJournal& journal, const RestoreWish& wish) {
  const evidence::CaseFold state = journal.stream().state();
  EXEUNT_TRY(may_be_restored(state, needs.clock.now()));
  const evidence::PlanFold* const kept = kept_plan(state);
  if (state.state == model::CaseState::restoring && kept != nullptr) return as_kept(needs, *kept);
  EXEUNT_TRY_ASSIGN(const Ground ground, read_case(needs, journal));
  plan::RestoreInput input{ground.plans, ground.taken, ground.old_ways, ground.catalogues, needs.policy.identity_systems, 0,
                           wish.reason,  wish.hand_to};
  if (kept != nullptr) {
    EXEUNT_TRY_ASSIGN(RestorePlan before, as_kept(needs, *kept));
    input.through = before.plan.through;
    const auto again = plan::compile_restore(input);
    if (again && before.expires > needs.clock.now() && plan::to_bytes(*again) == plan::to_bytes(before.plan)) return before;
  }
  RestorePlan out;
  input.through = static_cast<std::int64_t>(state.entries);
  EXEUNT_TRY_ASSIGN(out.plan, plan::compile_restore(input));
  const std::string bytes = plan::to_bytes(out.plan);
  out.digest = plan::digest_of(bytes).text();
  EXEUNT_TRY(needs.store.put_document("plan", out.digest, bytes));
  EXEUNT_TRY(
      journal.plan_compiled(std::string(evidence::k_restore_plan), out.digest,
                            fmt::format("gives back: {} steps; {} old ways in stay ended", out.plan.steps.size(), out.plan.paths.size())));
  return as_kept(needs, *kept_plan(journal.stream().state()));
}

}  // namespace exeunt::engine
