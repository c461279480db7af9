// Ends a connection's socket at the deadline. libldap over GnuTLS waits in its TLS handshake for ever, and spins when the socket does not
// block (2.5.13, measured), so its own timeouts are not enough.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.hpp"

namespace exeunt::connect::openldap {

class Watchdog {
 public:
  /// From now on, until the object goes. Reads and writes on `descriptor`'s socket fail once `timeout` has passed. Keeps a duplicate, so that
  /// a descriptor number that was closed and given to something else is never touched.
  Watchdog(const base::Clock& clock, int descriptor, base::Duration timeout);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();
  [[nodiscard]] bool has_bitten() const;

 private:
  const base::Clock& clock_;
  const int duplicate_;
  mutable std::mutex mutex_;
  std::condition_variable condition_;
  bool over_ = false, bitten_ = false;
  std::thread thread_;
};

}  // namespace exeunt::connect::openldap
