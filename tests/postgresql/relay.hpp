// Stands between the connector and the real server, speaks TLS and PostgreSQL's protocol, and loses, forges or cuts answers. The effects
// stay where they are: in the server's processes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "connect/conformance.hpp"

struct ssl_ctx_st;

namespace exeunt::test {

class Relay {
 public:
  /// `tls`: folder with server.pem and server.key, whose name clients expect.
  Relay(int server_port, const std::string& tls);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();
  void set(connect::Fault fault) { fault_ = fault; }
  /// Closes the connection instead of passing the n-th message batch of any client on (or its answer back); 0: never.
  void cut_at(int batch, bool after_effect);
  [[nodiscard]] int batches() const { return batches_; }
  [[nodiscard]] int port() const { return port_; }

 private:
  friend class Passage;
  void run();

  const int server_port_;
  ssl_ctx_st* context_ = nullptr;
  int listener_ = -1, port_ = 0, stop_[2] = {-1, -1};
  std::atomic<connect::Fault> fault_{connect::Fault::none};
  std::atomic<int> batches_{0}, cut_batch_{0};
  std::atomic<bool> cut_after_effect_{false};
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::thread> passages_;
};

}  // namespace exeunt::test
