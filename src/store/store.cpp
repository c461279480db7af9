#include "store/store.hpp"

#include <condition_variable>
#include <mutex>

namespace exeunt::store {

base::Status Store::append(std::vector<NewEntry> entries, const Fence& fence) {
  std::mutex mutex;
  std::condition_variable finished;
  std::optional<base::Status> result;
  append_async(std::move(entries), fence, [&](base::Status status) {
    // Notified under the lock: the waiter's stack, which holds all of this, goes away as soon as it can take it.
    const std::lock_guard lock(mutex);
    result = std::move(status);
    finished.notify_one();
  });
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return result.has_value(); });
  return std::move(*result);
}

}  // namespace exeunt::store
