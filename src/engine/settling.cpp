#include "engine/settling.hpp"

#include <algorithm>

#include "model/catalogue.hpp"

namespace exeunt::engine {

using base::Result;
using base::Status;
using model::PathState;

namespace {

bool is_task(model::Action action) { return action == model::Action::attest || action == model::Action::review; }
constexpr int k_settle_rounds_max = 5;
constexpr base::Duration k_past_until{1'000};  // a draining path is looked at again this long after its end, not just at it

/// Neither ended nor on its way there by itself, nor waived: work for its step.
bool is_open(const PathRecord& path) {
  return path.state != PathState::ended && path.state != PathState::draining && path.state != PathState::waived;
}

}  // namespace

bool Settling::stopped() const {
  return context_.stop.stop_requested() || context_.interrupts.halted() ||
         context_.interrupts.cancel_requested(context_.journal.stream().case_id());
}

Result<Settling::Round> Settling::relist_all() {
  std::map<std::pair<const ApprovedPlan*, model::SystemId>, std::vector<StepRef>> by_system;
  for (const auto& ref : stages_.steps())
    if (ref.step->by_rule && !is_task(ref.step->action) && context_.systems.contains(ref.step->target.key.system))
      by_system[{ref.plan, ref.step->target.key.system}].push_back(ref);
  Round round;
  std::mutex mutex;
  std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
  for (const auto& [key, refs] : by_system) {
    const std::vector<StepRef>* steps = &refs;
    jobs.emplace_back(key.second, [this, steps, &round, &mutex]() -> Status {
      const auto inventory = runner_.inventory(*steps->front().plan, *steps->front().step);
      if (!inventory) {
        const std::lock_guard lock(mutex);
        round.listed = false;
        return {};
      }
      for (const auto& ref : *steps) {
        std::vector<model::Node> covered;
        EXEUNT_TRY_ASSIGN(const std::size_t fresh, runner_.relist(*ref.plan, *ref.step, *inventory, covered));
        const auto paths = context_.book.of_step(ref.step->id);
        const bool open = std::any_of(paths.begin(), paths.end(), is_open);
        if (fresh == 0 && !open) continue;
        const std::lock_guard lock(mutex);
        round.reopened.push_back(ref);
      }
      return {};
    });
  }
  EXEUNT_TRY(stages_.on_systems(jobs));
  return round;
}

Result<bool> Settling::look_for_new() {
  EXEUNT_TRY_ASSIGN(const Round round, relist_all());
  for (const auto& ref : round.reopened)
    for (const auto& id : context_.book.ids_of_step(ref.step->id))
      EXEUNT_TRY(context_.prover.prove(id, ref.step, model::ProbeMoment::settled));
  return round.listed;
}

Result<bool> Settling::sweep() {
  int quiet = 0;
  for (int rounds = 0; rounds < context_.policy.relist_rounds_max && !stopped(); ++rounds) {
    EXEUNT_TRY_ASSIGN(const Round round, relist_all());
    if (!round.listed && round.reopened.empty()) return false;
    if (round.reopened.empty()) {
      if (++quiet == 2) return true;
      continue;
    }
    quiet = 0;
    EXEUNT_TRY(stages_.again(round.reopened));
    const auto ends = stages_.ends();
    const bool stands_still = std::all_of(round.reopened.begin(), round.reopened.end(), [&](const StepRef& ref) {
      const auto end = ends.find(ref.step->id);
      return end != ends.end() && end->second != StepEnd::ended && end->second != StepEnd::draining;
    });
    if (stands_still) return false;  // every one of them was tried to its bound: listing again changes nothing
  }
  return false;
}

bool Settling::waits_for(const PathRecord& path) const {
  if (path.state == PathState::ended) return !path.settled;
  return path.state == PathState::draining && path.until && *path.until <= context_.clock.now() + context_.drain_wait_max;
}

base::Duration Settling::due_in(const PathRecord& path) const {
  if (path.state == PathState::draining) return std::max(base::Duration{0}, *path.until + k_past_until - context_.clock.now());
  const auto& catalogue = context_.systems.at(path.node.key.system).connector->catalogue();
  const model::PathSpec* spec = catalogue.find(path.node.key.kind);
  const base::Duration settle = spec != nullptr ? spec->settle : base::Duration{60'000};
  const base::Duration passed = path.ended_steady ? context_.clock.steady() - *path.ended_steady : context_.clock.now() - *path.ended_at;
  // A wall clock that stepped back must not hold the case for longer than the window itself.
  return std::clamp(settle - passed, base::Duration{0}, settle);
}

std::vector<StepRef> Settling::steps_of_open() const {
  std::vector<StepRef> out;
  for (const auto& path : context_.book.all()) {
    if (!is_open(path) || !path.required) continue;
    const StepRef* ref = stages_.find(path.step);
    const bool listed = ref == nullptr || std::any_of(out.begin(), out.end(), [&](const StepRef& r) { return r.step == ref->step; });
    if (!listed) out.push_back(*ref);
  }
  return out;
}

Status Settling::end_what_is_open() {
  const std::vector<StepRef> open = steps_of_open();
  return open.empty() ? Status{} : stages_.again(open);
}

Result<bool> Settling::settle() {
  for (int rounds = 0; rounds < k_settle_rounds_max;) {
    std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
    base::Duration next = std::chrono::hours(24);
    bool any_left = false;
    for (const auto& path : context_.book.all()) {
      if (!waits_for(path) || !context_.systems.contains(path.node.key.system)) continue;
      any_left = true;
      const base::Duration wait = due_in(path);
      next = std::min(next, wait);
      if (wait.count() > 0) continue;
      jobs.emplace_back(path.node.key.system, [this, path]() -> Status {
        const StepRef* ref = stages_.find(path.step);
        return context_.prover.prove(path.node.id(), ref == nullptr ? nullptr : ref->step, model::ProbeMoment::settled).map([](PathState) {
        });
      });
    }
    if (!any_left) return true;
    if (stopped()) return false;
    if (jobs.empty()) {
      // Durable, so that a process that takes over knows when to look again; one that is overdue is looked at when the run starts.
      const auto& case_id = context_.journal.stream().case_id();
      EXEUNT_TRY(context_.store.put_timer({"settle/" + case_id.text(), case_id, context_.clock.now() + next, "{}"}));
      EXEUNT_TRY(context_.journal.stream().keep_lease());
      if (!pause(context_, std::min(next, base::Duration{1'000}))) return false;
      continue;
    }
    EXEUNT_TRY(stages_.on_systems(jobs));
    const std::vector<StepRef> reopened = steps_of_open();
    if (reopened.empty()) continue;
    ++rounds;
    EXEUNT_TRY(stages_.again(reopened));
  }
  return false;
}

Status Settling::probe_what_is_open() {
  std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
  for (const auto& path : context_.book.all()) {
    if (path.state == PathState::ended || !context_.systems.contains(path.node.key.system)) continue;
    jobs.emplace_back(path.node.key.system, [this, path]() -> Status {
      const StepRef* ref = stages_.find(path.step);
      return context_.prover.prove(path.node.id(), ref == nullptr ? nullptr : ref->step, model::ProbeMoment::after).map([](PathState) {});
    });
  }
  return stages_.on_systems(jobs);
}

}  // namespace exeunt::engine
