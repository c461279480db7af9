#include "connect/until.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace exeunt::connect {

base::Duration Until::left() const { return std::max(base::Duration{0}, end_ - clock_->steady()); }

bool Until::pause(base::Duration wish) const {
  std::mutex mutex;
  std::condition_variable nobody;
  std::unique_lock lock(mutex);
  clock_->wait_for(lock, nobody, std::min(wish, left()), [] { return false; });
  return left() > base::Duration{0};
}

}  // namespace exeunt::connect
