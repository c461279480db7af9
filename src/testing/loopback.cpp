#include "testing/loopback.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "base/check.hpp"

namespace exeunt::testing {
namespace {

/// Bound to a free port, which it writes down; -1: there is none.
int bound_socket(int& port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback_address(0);
  socklen_t length = sizeof address;
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
    port = ntohs(address.sin_port);
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

}  // namespace

sockaddr_in loopback_address(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int free_port() {
  int port = 0;
  ::close(bound_socket(port));
  return port;
}

int connect_to(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback_address(port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

Door::Door(Serve serve) : serve_(std::move(serve)), listener_(bound_socket(port_)) {
  EXEUNT_CHECK(::listen(listener_, 64) == 0);
  // Not for a server that is started meanwhile: it would hold the pipe open.
  EXEUNT_CHECK(::pipe2(stop_, O_CLOEXEC) == 0);
  thread_ = std::thread([this] { run(); });
}

Door::~Door() {
  ::close(stop_[1]);
  thread_.join();
  for (std::thread& connection : connections_) connection.join();
  ::close(stop_[0]);
  ::close(listener_);
}

void Door::run() {
  for (;;) {
    pollfd watched[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    ::poll(watched, 2, -1);
    if (watched[1].revents != 0) return;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    connections_.emplace_back([this, client] {
      serve_(client, stop_[0]);
      ::close(client);
    });
  }
}

}  // namespace exeunt::testing
