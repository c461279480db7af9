#include "engine/stages.hpp"

#include <algorithm>

namespace exeunt::engine {

using base::Status;

namespace {

constexpr base::Duration k_look_again{250};  // how often a waiting stage looks at the run's clock and at what may have stopped it
constexpr base::Duration k_no_limit = std::chrono::hours(24);

}  // namespace

StageRunner::StageRunner(RunContext& context, StepRunner& runner) : context_(context), runner_(runner) {
  for (const auto& plan : context_.plans)
    for (const auto& step : plan.plan.steps) {
      by_id_.emplace(step.id, steps_.size());
      for (const auto& id : step.after) following_[id].push_back(steps_.size());
      steps_.push_back({&plan, &step});
    }
  for (const auto& [id, system] : context_.systems)
    queues_.emplace(id, std::make_unique<SystemQueue>(std::max(1, system.budget.concurrency)));
}

std::map<model::StepId, StepEnd> StageRunner::ends() const {
  const std::lock_guard lock(mutex_);
  return ends_;
}

const StepRef* StageRunner::find(const model::StepId& step) const {
  const auto found = by_id_.find(step);
  return found == by_id_.end() ? nullptr : &steps_[found->second];
}

bool StageRunner::ready(const plan::Step& step) const {
  // A predecessor that came to any end lets the step go: ending sessions is worth a try even where the lock was refused, and it is probed.
  return std::all_of(step.after.begin(), step.after.end(),
                     [&](const model::StepId& id) { return !by_id_.contains(id) || ends_.contains(id); });
}

bool StageRunner::was_done(const plan::Step& step) const {
  bool done = false;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) {
    const auto found = state.steps.find(step.id.text());
    done =
        found != state.steps.end() && (found->second.state == model::StepState::ended || found->second.state == model::StepState::skipped);
  });
  return done && context_.book.all_ended(step.id);
}

void StageRunner::ended(const model::StepId& step, const base::Result<StepEnd>& end) {
  const std::lock_guard lock(mutex_);
  running_.erase(step);
  ends_[step] = end ? *end : StepEnd::failed;
  if (!end && broken_) broken_ = base::fail(end.error());
  just_ended_.push_back(step);
  open_.erase(step);
  // Most ends change nothing for the driver: it is woken when something may start, when all are through, and when the run is broken.
  if (open_.empty() || running_.empty() || following_.contains(step) || !broken_) changed_.notify_all();
}

void StageRunner::start(const std::vector<const StepRef*>& refs) {
  std::map<std::pair<model::SystemId, int>, std::vector<std::function<void()>>> jobs;
  for (const StepRef* ref : refs) {
    const model::SystemId& system = ref->step->target.key.system;
    if (!queues_.contains(system)) {
      ends_[ref->step->id] = StepEnd::failed;
      just_ended_.push_back(ref->step->id);
      open_.erase(ref->step->id);
      continue;
    }
    running_.insert(ref->step->id);
    jobs[{system, static_cast<int>(ref->step->stage)}].emplace_back([this, ref = *ref] {
      auto end = runner_.run(*ref.plan, *ref.step);
      if (end && context_.step_ended)
        if (auto noted = context_.step_ended(); !noted) end = base::fail(noted.error());
      ended(ref.step->id, end);
    });
  }
  for (auto& [where, batch] : jobs) queues_.at(where.first)->submit(where.second, std::move(batch));
}

Status StageRunner::drive(const std::vector<StepRef>& wanted, base::Duration wait_max) {
  std::unique_lock lock(mutex_);
  const base::Duration started = context_.clock.steady();
  std::set<model::StepId> held;  // wanted and not started
  just_ended_.clear();           // what ended before is in ends_
  open_.clear();
  std::vector<const StepRef*> now;
  for (const auto& ref : wanted) open_.insert(ref.step->id);
  for (const auto& ref : wanted) {
    if (ready(*ref.step))
      now.push_back(&ref);
    else
      held.insert(ref.step->id);
  }
  start(now);
  for (;;) {
    if (!broken_) return broken_;
    while (!just_ended_.empty()) {
      const model::StepId step = just_ended_.back();
      just_ended_.pop_back();
      const auto following = following_.find(step);
      if (following == following_.end()) continue;
      now.clear();
      for (const std::size_t index : following->second) {
        const plan::Step& next = *steps_[index].step;
        if (ready(next) && held.erase(next.id) > 0) now.push_back(&steps_[index]);
      }
      start(now);
    }
    if (open_.empty()) return {};
    // Late ones go on by themselves as soon as what they wait for came to an end; nothing of this stage is dropped.
    if (held.empty() && context_.clock.steady() - started >= wait_max) return {};
    context_.clock.wait_for(lock, changed_, k_look_again, [&] { return !just_ended_.empty() || !broken_; });
  }
}

Status StageRunner::run(model::Stage stage, base::Duration wait_max) {
  std::vector<StepRef> wanted;
  for (const auto& ref : steps_) {
    if (ref.step->stage != stage) continue;
    if (was_done(*ref.step)) {
      const std::lock_guard lock(mutex_);
      ends_[ref.step->id] = StepEnd::ended;
    } else {
      wanted.push_back(ref);
    }
  }
  return drive(wanted, wait_max);
}

Status StageRunner::again(const std::vector<StepRef>& steps) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& ref : steps) ends_.erase(ref.step->id);
  }
  return drive(steps, k_no_limit);
}

Status StageRunner::wait_for_all() {
  return drive({}, base::Duration{0}).and_then([&]() -> Status {
    std::unique_lock lock(mutex_);
    while (!running_.empty() && broken_)
      context_.clock.wait_for(lock, changed_, k_look_again, [&] { return running_.empty() || !broken_; });
    return broken_;
  });
}

Status StageRunner::on_systems(const std::vector<std::pair<model::SystemId, std::function<Status()>>>& jobs) {
  std::mutex mutex;
  std::condition_variable done;
  std::size_t left = jobs.size();
  Status first;
  std::map<model::SystemId, std::vector<std::function<void()>>> by_system;
  for (const auto& [system, job] : jobs) {
    by_system[system].emplace_back([&, work = &job] {
      Status status = (*work)();
      const std::lock_guard lock(mutex);
      if (!status && first) first = std::move(status);
      if (--left == 0) done.notify_all();
    });
  }
  for (auto& [system, batch] : by_system) queues_.at(system)->submit(-1, std::move(batch));
  std::unique_lock lock(mutex);
  while (left > 0) context_.clock.wait_for(lock, done, k_look_again, [&] { return left == 0; });
  return first;
}

}  // namespace exeunt::engine
