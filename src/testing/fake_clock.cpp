#include "testing/fake_clock.hpp"

namespace exeunt::testing {
namespace {

// A thread between its last look and its wait would miss a notification: it looks again after this much real time.
constexpr std::chrono::milliseconds k_look_again{1};

}  // namespace

FakeClock::FakeClock(base::Time start) : wall_offset_(start.time_since_epoch().count() - 1'000) {}

base::Time FakeClock::now() const { return base::Time(base::Duration(steady_.load() + wall_offset_.load())); }

base::Duration FakeClock::steady() const { return base::Duration(steady_.load()); }

bool FakeClock::wait_for(std::unique_lock<std::mutex>& lock, std::condition_variable& condition, base::Duration timeout,
                         const std::function<bool()>& wake) const {
  const base::Duration begun = steady();
  {
    const std::lock_guard guard(mutex_);
    waiters_.insert(&condition);
  }
  bool woken = wake();
  while (!woken && steady() - begun < timeout) {
    condition.wait_for(lock, k_look_again);
    woken = wake();
    if (!woken && advance_by_waiting_.load()) {
      auto wanted = (begun + timeout).count();
      auto seen = steady_.load();
      while (seen < wanted && !steady_.compare_exchange_weak(seen, wanted)) {}
    }
  }
  const std::lock_guard guard(mutex_);
  waiters_.erase(waiters_.find(&condition));
  return woken;
}

void FakeClock::advance(base::Duration by) {
  steady_ += by.count();
  const std::lock_guard guard(mutex_);
  for (auto* waiter : waiters_) waiter->notify_all();
}

void FakeClock::step_wall(base::Duration by) { wall_offset_ += by.count(); }

void FakeClock::advance_by_waiting(bool on) { advance_by_waiting_ = on; }

std::size_t FakeClock::waiting() const {
  const std::lock_guard guard(mutex_);
  return waiters_.size();
}

}  // namespace exeunt::testing
