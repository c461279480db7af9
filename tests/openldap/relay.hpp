// A TCP relay in front of a server that loses, forges or withholds answers to modifies. For plain LDAP.
#pragma once

#include <list>
#include <mutex>
#include <thread>

namespace exeunt::tests::openldap {

class Relay {
 public:
  enum class Fault {
    none,                       // passes everything
    mute,                       // accepts, passes nothing
    lose_modify_answer,         // the n-th modify reaches the server, its answer does not come back, the connection is closed
    lose_modify_request,        // the n-th modify does not reach the server, the connection is closed
    close_after_modify_answer,  // the n-th modify's answer comes back, then the connection is closed
    forge_modify_answers,       // no modify reaches the server, each is answered with success
  };
  explicit Relay(int server_port, Fault fault = Fault::none);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();
  [[nodiscard]] int port() const { return port_; }

  /// From now on; `nth` counts the modifies that come after this call, from 1.
  void set(Fault fault, int nth = 1);
  /// Modifies seen since the last `set`.
  [[nodiscard]] int modifies() const;

 private:
  struct Pair {
    int client = -1, server = -1;
    bool at_fault = false;  // the modify that the fault is for went through here
    bool over = false;
  };
  void run();
  void accept_one(std::list<Pair>& pairs);
  void from_client(Pair& pair);
  void from_server(Pair& pair);

  const int server_port_;
  mutable std::mutex mutex_;
  Fault fault_;
  int nth_ = 1, modifies_ = 0;
  int listener_ = -1, port_ = 0, stop_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace exeunt::tests::openldap
