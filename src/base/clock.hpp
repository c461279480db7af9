// Time is a parameter: only this floor reads a clock or waits. Everything else takes a `Clock&`.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace exeunt::base {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;  // UTC wall clock
using Duration = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall-clock time, UTC. May step backwards; order is never decided by it.
  [[nodiscard]] virtual Time now() const = 0;
  /// Monotonic time since an arbitrary start; never steps. For intervals, budgets, leases.
  [[nodiscard]] virtual Duration steady() const = 0;
  /// Blocks until `wake` returns true, `lock`'s condition is notified and `wake` holds, or `timeout` (monotonic) has passed.
  /// Returns the last value of `wake()`. `lock` is held on entry and on return.
  virtual bool wait_for(std::unique_lock<std::mutex>& lock, std::condition_variable& condition, Duration timeout,
                        const std::function<bool()>& wake) const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] Duration steady() const override;
  bool wait_for(std::unique_lock<std::mutex>& lock, std::condition_variable& condition, Duration timeout,
                const std::function<bool()>& wake) const override;
};

[[nodiscard]] std::string to_rfc3339(Time time);  // "2026-11-20T17:00:00.000Z"
[[nodiscard]] Result<Time> from_rfc3339(std::string_view text);
/// Wall time "2026-11-20 17:00" in an IANA zone ("Europe/Vienna") to UTC; not_found for an unknown zone, invalid_argument for a
/// time that the zone skips; of a time that occurs twice the earlier one.
[[nodiscard]] Result<Time> from_local(std::string_view local_time, std::string_view zone);

}  // namespace exeunt::base
