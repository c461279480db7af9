// A circuit breaker for one system: after several failures in a row it lets nothing through for a while, then one try. When a step spent all
// its attempts the system counts as down for the rest of the run: every later step tries once and waits for nothing, until one call succeeds.
#pragma once

#include <mutex>

#include "base/clock.hpp"

namespace exeunt::engine {

struct BreakerLimits {
  int failures_max = 5;
  base::Duration open_min{1'000};
  base::Duration open_max{60'000};  // doubles from open_min with every failed try
};

/// Thread-safe.
class Breaker {
 public:
  explicit Breaker(const base::Clock& clock, BreakerLimits limits = {}) : clock_(clock), limits_(limits) {}
  /// How long to wait before the next call; 0: go ahead (when half-open the caller is the one try).
  [[nodiscard]] base::Duration wait();
  void succeeded();
  void failed();
  void gave_up();  // a step on this system spent all its attempts without an answer
  [[nodiscard]] bool is_down() const;

 private:
  const base::Clock& clock_;
  BreakerLimits limits_;
  mutable std::mutex mutex_;
  int failures_ = 0;
  base::Duration open_for_{0};
  base::Duration open_until_{0};
  bool trying_ = false;
  bool down_ = false;
};

}  // namespace exeunt::engine
