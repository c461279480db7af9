// When a call must have come back: made from a Deadline where a call comes in, handed down to every wait.
#pragma once

#include "base/clock.hpp"

namespace exeunt::connect {

class Until {
 public:
  Until(const base::Clock& clock, base::Duration timeout) : clock_(&clock), end_(clock.steady() + timeout) {}
  [[nodiscard]] base::Duration left() const;                          // never negative
  [[nodiscard]] Until half() const { return {*clock_, left() / 2}; }  // for a part that may be given up
  /// Waits, but never past the end; false when there is no time left after it.
  [[nodiscard]] bool pause(base::Duration wish) const;

 private:
  const base::Clock* clock_;
  base::Duration end_;
};

}  // namespace exeunt::connect
