// Stands between the connector and the real server, speaks RESP, and loses, forges or cuts answers. The effects stay where they are: in the
// server.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "connect/conformance.hpp"

namespace exeunt::test {

class Relay {
 public:
  explicit Relay(int server_port);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();
  void set(connect::Fault fault) { fault_ = fault; }
  /// Closes the connection instead of passing the n-th command of any client on (or its answer back); 0: never.
  void cut_at(int command, bool after_effect);
  [[nodiscard]] int commands() const { return commands_; }
  [[nodiscard]] int port() const { return port_; }

 private:
  friend class Passage;
  void run();

  const int server_port_;
  int listener_ = -1, port_ = 0, stop_[2] = {-1, -1};
  std::atomic<connect::Fault> fault_{connect::Fault::none};
  std::atomic<int> commands_{0}, cut_command_{0};
  std::atomic<bool> cut_after_effect_{false};
  std::thread thread_;
  std::vector<std::thread> passages_;
};

}  // namespace exeunt::test
