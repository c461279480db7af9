// Random maps: whatever they hold, a plan keeps the planner's promises.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "plan/plan.hpp"
#include "testing/small_catalogues.hpp"
#include "testing/small_maps.hpp"

namespace exeunt::plan {

namespace {

/// The plan for a random map, or nothing where there is nothing to do.
std::optional<Plan> plan_for(const graph::AccessMap& map, const Policy& policy) {
  const auto catalogues = testing::small_catalogues();
  const std::map<model::SystemId, model::Node> heirs{{model::SystemId("warehouse"), testing::node("warehouse/account/heir")}};
  auto plan = compile({map, policy, catalogues, model::TenantId("t"), model::CaseId("c"), "", model::Urgency::immediate, "", {}, heirs});
  if (plan) return *plan;
  RC_ASSERT(plan.error().what.find("nothing to do") != std::string::npos);
  return std::nullopt;
}

Policy policy_for(std::uint64_t seed) {
  Policy out;
  out.heir = model::PersonId("E5");
  out.destructive_calls_max = 100'000;
  if (seed % 2 == 0) out.identity_systems = {model::SystemId("directory")};
  if (seed % 3 == 0) out.identity_systems.insert(model::SystemId("warehouse"));
  out.delete_accounts = seed % 5 == 0;
  if (seed % 7 == 0) out.watched_only = {model::NodeKind::membership};
  return out;
}

}  // namespace

TEST_CASE("plan: of random maps every way in has a step whose actions cover it, or a gap") {
  CHECK(rc::check([](std::uint64_t seed) {
    const auto map = testing::random_map(seed);
    const auto plan = plan_for(map, policy_for(seed));
    const auto paths = map.paths();
    if (!plan) {
      for (const auto& path : paths)  // without a step there is nothing that one could have been made for
        for (const auto& [system, catalogue] : testing::small_catalogues())
          for (const auto& spec : catalogue.actions)
            RC_ASSERT(path.node.key.system != system || spec.target != path.node.key.kind || spec.needs_heir || spec.needs_secret ||
                      spec.action == model::Action::review || spec.action == model::Action::attest);
      return;
    }
    RC_ASSERT(plan->paths.size() == paths.size());
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const PlannedPath& planned = plan->paths[i];
      RC_ASSERT(planned.node.key == paths[i].node.key);
      if (planned.step.empty()) {
        RC_ASSERT(std::any_of(plan->gaps.begin(), plan->gaps.end(), [&](const model::Gap& gap) {
          return gap.system == planned.node.key.system && gap.kind == planned.node.key.kind;
        }));
        continue;
      }
      const auto step = std::find_if(plan->steps.begin(), plan->steps.end(), [&](const Step& s) { return s.id == planned.step; });
      RC_ASSERT(step != plan->steps.end());
      RC_ASSERT(std::find(step->covers.begin(), step->covers.end(), planned.node.key.kind) != step->covers.end());
      const auto below = map.below(step->target.id());
      RC_ASSERT(step->target.key == planned.node.key || std::find(below.begin(), below.end(), planned.node.id()) != below.end());
    }
  }));
}

TEST_CASE("plan: of random maps stages never reorder, `after` points back, ids are unique, no step undoes an earlier one") {
  CHECK(rc::check([](std::uint64_t seed) {
    const auto plan = plan_for(testing::random_map(seed), policy_for(seed));
    if (!plan) return;
    const auto catalogues = testing::small_catalogues();
    std::map<model::StepId, std::size_t> place;
    for (std::size_t i = 0; i < plan->steps.size(); ++i) {
      const Step& step = plan->steps[i];
      RC_ASSERT(place.emplace(step.id, i).second);
      if (i > 0) RC_ASSERT(plan->steps[i - 1].stage <= step.stage);
      for (const auto& before : step.after) RC_ASSERT(place.contains(before) && place.at(before) < i);
      const auto* spec = catalogues.at(step.target.key.system).find(step.action);
      RC_ASSERT(spec != nullptr);
      for (std::size_t j = 0; j < i; ++j) {
        const Step& earlier = plan->steps[j];
        if (earlier.target.key != step.target.key) continue;
        RC_ASSERT(earlier.action != step.action);
        RC_ASSERT(spec->reasserts || std::find(spec->undoes.begin(), spec->undoes.end(), earlier.action) == spec->undoes.end());
        RC_ASSERT(earlier.action != model::Action::end_sessions ||
                  (step.action != model::Action::lock_and_replace && step.action != model::Action::disable_account) ||
                  step.target.key.system.text() == "bastion");
      }
    }
  }));
}

TEST_CASE("plan: of random maps the bytes survive reading, and the words are made") {
  CHECK(rc::check([](std::uint64_t seed) {
    const auto plan = plan_for(testing::random_map(seed), policy_for(seed));
    if (!plan) return;
    const std::string bytes = to_bytes(*plan);
    const auto read = from_bytes(bytes);
    RC_ASSERT(read.has_value());
    RC_ASSERT(to_bytes(*read) == bytes);
    RC_ASSERT(!explain(*plan).empty());
    RC_ASSERT(!runbook(*plan).empty());
  }));
}

}  // namespace exeunt::plan
