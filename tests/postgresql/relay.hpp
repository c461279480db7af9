// Stands between the connector and the real server, speaks TLS and PostgreSQL's protocol, and loses, forges or cuts answers. The effects
// stay where they are: in the server's processes.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "connect/conformance.hpp"
#include "testing/loopback.hpp"

struct ssl_ctx_st;

namespace exeunt::test {

class Relay {
 public:
  /// `tls`: folder with server.pem and server.key, whose name clients expect.
  Relay(int server_port, const std::string& tls);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  void set(connect::Fault fault) { fault_ = fault; }
  /// Closes the connection instead of passing the n-th message batch of any client on (or its answer back); 0: never.
  void cut_at(int batch, bool after_effect);
  /// Since the last cut_at.
  [[nodiscard]] int passed() const { return batches_; }
  [[nodiscard]] int port() const { return door_.port(); }

 private:
  friend class Passage;
  const int server_port_;
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  const std::unique_ptr<ssl_ctx_st, Free> context_;
  std::atomic<connect::Fault> fault_{connect::Fault::none};
  std::atomic<int> batches_{0}, cut_batch_{0};
  std::atomic<bool> cut_after_effect_{false};
  testing::Door door_;  // goes first
};

}  // namespace exeunt::test
