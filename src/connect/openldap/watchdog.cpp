#include "connect/openldap/watchdog.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace exeunt::connect::openldap {

Watchdog::Watchdog(const base::Clock& clock, int descriptor, base::Duration timeout)
    : clock_(clock), duplicate_(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)) {
  thread_ = std::thread([this, timeout] {
    std::unique_lock lock(mutex_);
    if (clock_.wait_for(lock, condition_, timeout, [this] { return over_; })) return;
    bitten_ = true;
    ::shutdown(duplicate_, SHUT_RDWR);
  });
}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(mutex_);
    over_ = true;
  }
  condition_.notify_all();
  thread_.join();
  if (duplicate_ >= 0) ::close(duplicate_);
}

bool Watchdog::has_bitten() const {
  const std::scoped_lock lock(mutex_);
  return bitten_;
}

}  // namespace exeunt::connect::openldap
