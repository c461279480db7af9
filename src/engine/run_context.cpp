#include "engine/run_context.hpp"

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

}  // namespace exeunt::engine
