// Stands between the connector and the real broker, speaks HTTP, and loses, forges or cuts answers. The effects stay where they are: in the
// broker.
#pragma once

#include <atomic>
#include <string>

#include "connect/conformance.hpp"
#include "testing/small_http_server.hpp"

namespace exeunt::test {

class Relay {
 public:
  explicit Relay(int server_port) : server_port_(server_port), server_([this](const std::string& request) { return pass(request); }) {}
  void set(connect::Fault fault) { fault_ = fault; }
  /// Breaks the connection instead of passing the n-th request on (or its answer back); 0: never.
  void cut_at(int request, bool after_effect) {
    requests_ = 0;
    cut_request_ = request;
    cut_after_effect_ = after_effect;
  }
  /// Since the last cut_at.
  [[nodiscard]] int passed() const { return requests_; }
  [[nodiscard]] int port() const { return server_.port(); }

 private:
  testing::SmallReply pass(const std::string& request);
  [[nodiscard]] std::string forward(std::string request) const;

  const int server_port_;
  std::atomic<connect::Fault> fault_{connect::Fault::none};
  std::atomic<int> requests_{0}, cut_request_{0};
  std::atomic<bool> cut_after_effect_{false};
  testing::SmallHttpServer server_;
};

}  // namespace exeunt::test
