#include "openldap/relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>

namespace exeunt::tests::openldap {
namespace {

constexpr unsigned char k_modify_request = 0x66;
constexpr std::size_t k_chunk = 65'536;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// Tag of the operation in an LDAPMessage: SEQUENCE, length, INTEGER message id, operation.
unsigned char operation_of(const unsigned char* bytes, std::size_t size) {
  std::size_t at = 1;
  if (size < 8) return 0;
  at += (bytes[at] & 0x80) != 0 ? 1 + (bytes[at] & 0x7F) : 1;
  if (at + 2 >= size || bytes[at] != 0x02) return 0;
  at += 2 + bytes[at + 1];
  return at < size ? bytes[at] : 0;
}

bool pass(int from, int to, unsigned char* buffer, ssize_t& got) {
  got = ::read(from, buffer, k_chunk);
  return got > 0 && ::write(to, buffer, static_cast<std::size_t>(got)) == got;
}

}  // namespace

Relay::Relay(int server_port, Fault fault) : server_port_(server_port), fault_(fault) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
  ::listen(listener_, 16);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  if (::pipe(stop_) == 0) thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  ::close(stop_[1]);
  if (thread_.joinable()) thread_.join();
  ::close(stop_[0]);
  ::close(listener_);
}

void Relay::run() {
  while (true) {
    pollfd watched[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    ::poll(watched, 2, -1);
    if (watched[1].revents != 0) return;
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    serve(client);
    ::close(client);
  }
}

void Relay::serve(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(server_port_);
  ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  unsigned char buffer[k_chunk];
  bool modify_sent = false;
  while (true) {
    pollfd watched[3] = {{client, POLLIN, 0}, {server, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    ::poll(watched, 3, -1);
    if (watched[2].revents != 0) break;
    ssize_t got = 0;
    if (fault_ == Fault::mute) {
      if (watched[0].revents != 0 && ::read(client, buffer, k_chunk) <= 0) break;
      if (watched[1].revents != 0) break;
      continue;
    }
    if (watched[0].revents != 0) {
      if (!pass(client, server, buffer, got)) break;
      if (operation_of(buffer, static_cast<std::size_t>(got)) == k_modify_request && !spent_.exchange(true)) modify_sent = true;
    }
    if (watched[1].revents != 0) {
      if (modify_sent && fault_ == Fault::lose_first_modify_answer) {
        // The answer is there, so the change was made; it goes no further.
        if (::read(server, buffer, k_chunk) < 0) break;
        break;
      }
      if (!pass(server, client, buffer, got) || modify_sent) break;
    }
  }
  ::close(server);
}

}  // namespace exeunt::tests::openldap
