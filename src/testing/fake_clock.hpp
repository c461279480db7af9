// A clock that stands still until a test moves it. Waiters really block and are woken by `advance`.
#pragma once

#include <atomic>
#include <set>

#include "base/clock.hpp"

namespace exeunt::testing {

class FakeClock final : public base::Clock {
 public:
  explicit FakeClock(base::Time start = base::Time(base::Duration(1'795'000'000'000)));  // 2026-11-18T11:06:40Z

  [[nodiscard]] base::Time now() const override;
  [[nodiscard]] base::Duration steady() const override;
  bool wait_for(std::unique_lock<std::mutex>& lock, std::condition_variable& condition, base::Duration timeout,
                const std::function<bool()>& wake) const override;

  /// Both clocks go on by `by`; waiters whose time has come return.
  void advance(base::Duration by);
  /// Only the wall clock is set, as an administrator or NTP does.
  void step_wall(base::Duration by);
  /// From now on a wait that nothing ends moves the clock to its end by itself: a test of retries needs no second thread.
  void advance_by_waiting(bool on);
  /// How many threads are in `wait_for` now.
  [[nodiscard]] std::size_t waiting() const;

 private:
  mutable std::atomic<base::Duration::rep> steady_{1'000};  // mutable: a wait may move it
  std::atomic<base::Duration::rep> wall_offset_;
  std::atomic<bool> advance_by_waiting_{false};
  mutable std::mutex mutex_;
  mutable std::multiset<std::condition_variable*> waiters_;
};

}  // namespace exeunt::testing
