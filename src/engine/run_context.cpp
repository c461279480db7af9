#include "engine/run_context.hpp"

#include <algorithm>

namespace exeunt::engine {

bool pause(const RunContext& context, base::Duration duration) {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  const std::stop_callback wake(context.stop, [&] {
    const std::lock_guard guard(mutex);
    condition.notify_all();
  });
  return !context.clock.wait_for(lock, condition, duration, [&] { return context.stop.stop_requested(); });
}

base::Result<bool> wait_for_allowance(const RunContext& context, const model::SystemId& system) {
  base::Duration waited{0};
  Breaker& breaker = *context.breakers.at(system);
  for (;;) {
    base::Duration wait = breaker.wait();
    if (wait.count() > 0 && breaker.is_down()) return false;
    if (wait.count() == 0) {
      EXEUNT_TRY_ASSIGN(wait, context.budgets.at(system)->take(context.urgent));
    }
    if (wait.count() == 0) return true;
    if (waited > context.retry.allowance_wait_max || !pause(context, wait)) return false;
    waited += wait;
  }
}

base::Duration backoff(const RunContext& context, int number) {
  std::uint8_t draw = 0;
  context.random.fill({&draw, 1});
  base::Duration wait = context.retry.backoff_min;
  for (int i = 1; i < number && wait < context.retry.backoff_max; ++i) wait *= 2;
  wait = std::min(wait, context.retry.backoff_max);
  return wait / 2 + wait * draw / 512;  // half fixed, half random: retries of many steps do not arrive together
}

int last_attempt(const RunContext& context, const model::StepId& step) {
  int attempt = 0;
  context.journal.stream().inspect([&](const evidence::CaseFold& state) {
    if (const auto found = state.steps.find(step.text()); found != state.steps.end()) attempt = found->second.attempt;
  });
  return attempt;
}

}  // namespace exeunt::engine
