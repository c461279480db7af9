#include "engine/breaker.hpp"

#include <algorithm>

namespace exeunt::engine {

base::Duration Breaker::wait() {
  const std::lock_guard lock(mutex_);
  if (failures_ < limits_.failures_max) return base::Duration{0};
  const base::Duration now = clock_.steady();
  if (now < open_until_) return open_until_ - now;
  if (trying_) return limits_.open_min;
  trying_ = true;
  return base::Duration{0};
}

void Breaker::succeeded() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  open_for_ = base::Duration{0};
  trying_ = false;
  down_ = false;
}

void Breaker::gave_up() {
  const std::lock_guard lock(mutex_);
  down_ = true;
}

bool Breaker::is_down() const {
  const std::lock_guard lock(mutex_);
  return down_;
}

void Breaker::failed() {
  const std::lock_guard lock(mutex_);
  trying_ = false;
  if (++failures_ < limits_.failures_max) return;
  open_for_ = open_for_.count() == 0 ? limits_.open_min : std::min(open_for_ * 2, limits_.open_max);
  open_until_ = clock_.steady() + open_for_;
}

}  // namespace exeunt::engine
