// A TCP relay in front of a server that loses answers. For plain LDAP.
#pragma once

#include <atomic>
#include <thread>

namespace exeunt::tests::openldap {

class Relay {
 public:
  enum class Fault {
    mute,                             // accepts, passes nothing
    lose_first_modify_answer,         // the first modify reaches the server, its answer does not come back, the connection is closed
    close_after_first_modify_answer,  // the first modify's answer comes back, then the connection is closed
  };
  Relay(int server_port, Fault fault);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();
  [[nodiscard]] int port() const { return port_; }

 private:
  void run();
  void serve(int client);

  const int server_port_;
  const Fault fault_;
  int listener_ = -1, port_ = 0, stop_[2] = {-1, -1};
  std::atomic<bool> spent_{false};
  std::thread thread_;
};

}  // namespace exeunt::tests::openldap
