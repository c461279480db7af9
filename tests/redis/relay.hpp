// Stands between the connector and the real server, speaks RESP, and loses, forges or cuts answers. The effects stay where they are: in the
// server.
#pragma once

#include <atomic>
#include <string>

#include "connect/conformance.hpp"
#include "testing/loopback.hpp"

namespace exeunt::test {

class Relay {
 public:
  explicit Relay(int server_port);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  void set(connect::Fault fault) { fault_ = fault; }
  /// Closes the connection instead of passing the n-th command of any client on (or its answer back); 0: never.
  void cut_at(int command, bool after_effect);
  /// Since the last cut_at.
  [[nodiscard]] int passed() const { return commands_; }
  [[nodiscard]] int port() const { return door_.port(); }

 private:
  friend class Passage;
  const int server_port_;
  std::atomic<connect::Fault> fault_{connect::Fault::none};
  std::atomic<int> commands_{0}, cut_command_{0};
  std::atomic<bool> cut_after_effect_{false};
  testing::Door door_;  // goes first
};

}  // namespace exeunt::test
