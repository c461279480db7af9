// Sockets on 127.0.0.1 for servers and relays of tests.
#pragma once

#include <netinet/in.h>

#include <functional>
#include <thread>
#include <vector>

namespace exeunt::testing {

[[nodiscard]] sockaddr_in loopback_address(int port);
/// Free just now; 0 where there is none.
[[nodiscard]] int free_port();
/// Connected to a server there, or -1.
[[nodiscard]] int connect_to(int port);

/// Listens on a free port and hands each connection to `serve`, in a thread of its own. `serve` closes nothing; it has to come back once
/// `stop` is readable: the door is going then.
class Door {
 public:
  using Serve = std::function<void(int client, int stop)>;
  explicit Door(Serve serve);
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door();
  [[nodiscard]] int port() const { return port_; }

 private:
  void run();

  const Serve serve_;
  int port_ = 0;
  const int listener_;
  int stop_[2] = {-1, -1};
  std::vector<std::thread> connections_;
  std::thread thread_;
};

}  // namespace exeunt::testing
