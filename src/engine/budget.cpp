#include "engine/budget.hpp"

#include <algorithm>

namespace exeunt::engine {

base::Result<base::Duration> SystemBudget::take(bool urgent) {
  const std::lock_guard lock(mutex_);
  if (in_hand_ > 0) {
    --in_hand_;
    return base::Duration{0};
  }
  // A block is what a tenth of a second allows, so that calls kept in hand by a process that ended are never more than that.
  const int block = std::clamp(static_cast<int>(budget_.calls_per_second / 10), 1, k_block_max);
  EXEUNT_TRY_ASSIGN(const auto grant, store_.take_budget(bucket_, budget_.calls_per_second, budget_.burst, k_reserve, urgent, block));
  if (grant.granted == 0) return std::max(grant.wait, base::Duration{1});
  in_hand_ = grant.granted - 1;
  return base::Duration{0};
}

}  // namespace exeunt::engine
