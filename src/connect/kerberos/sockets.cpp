#include "connect/kerberos/sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace exeunt::connect::kerberos {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::uint32_t k_message_max = 1U << 20;

int poll_time(const Until& until) { return static_cast<int>(std::min<std::int64_t>(until.left().count(), INT_MAX)); }

bool wait_for(int descriptor, short events, const Until& until) {
  for (;;) {
    if (until.left().count() <= 0) return false;
    pollfd watched{descriptor, events, 0};
    const int ready = ::poll(&watched, 1, poll_time(until));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool write_all(int descriptor, const char* data, std::size_t size, const Until& until) {
  while (size > 0) {
    if (!wait_for(descriptor, POLLOUT, until)) return false;
    const ssize_t written = ::send(descriptor, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int descriptor, char* data, std::size_t size, const Until& until) {
  while (size > 0) {
    if (!wait_for(descriptor, POLLIN, until)) return false;
    const ssize_t got = ::recv(descriptor, data, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return false;
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

Result<Socket> connect_to(const std::string& host, int port, const Until& until) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string place = host + ":" + std::to_string(port);
  if (const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0) {
    return fail(Code::unavailable, place + ": " + ::gai_strerror(code), "check the host's name");
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  std::string why = "no address";
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Socket socket(::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) continue;
    int error = 0;
    if (::connect(socket.get(), one->ai_addr, one->ai_addrlen) != 0) {
      error = errno;
      if (error == EINPROGRESS) {
        socklen_t length = sizeof error;
        if (!wait_for(socket.get(), POLLOUT, until)) {
          error = ETIMEDOUT;
        } else {
          ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
        }
      }
    }
    if (error == 0) return socket;
    why = std::strerror(error);
  }
  return fail(Code::unavailable, place + ": " + why, "is the server up?");
}

Result<std::string> exchange(const std::string& host, int port, const std::string& message, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Socket socket, connect_to(host, port, until));
  const std::string place = host + ":" + std::to_string(port);
  std::uint32_t length = htonl(static_cast<std::uint32_t>(message.size()));
  std::string out(reinterpret_cast<const char*>(&length), sizeof length);
  out += message;
  if (!write_all(socket.get(), out.data(), out.size(), until) ||
      !read_all(socket.get(), reinterpret_cast<char*>(&length), sizeof length, until)) {
    return fail(Code::unavailable, place + ": no answer", "is it a KDC?");
  }
  length = ntohl(length);
  if (length == 0 || length > k_message_max) return fail(Code::unavailable, place + ": that is no answer of a KDC", "check kdc_port");
  std::string in(length, '\0');
  if (!read_all(socket.get(), in.data(), in.size(), until)) return fail(Code::unavailable, place + ": half an answer", "repeat");
  return in;
}

Result<std::unique_ptr<Tunnel>> Tunnel::open(const std::string& host, int port, const Until& until) {
  EXEUNT_TRY_ASSIGN(Socket far, connect_to(host, port, until));
  Socket door(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  int pair[2] = {-1, -1};
  if (door.get() < 0 || ::bind(door.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(door.get(), 1) != 0 ||
      ::getsockname(door.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0 || ::pipe2(pair, O_CLOEXEC) != 0) {
    return fail(Code::unavailable, std::string("no socket on loopback: ") + std::strerror(errno), "repeat");
  }
  return std::unique_ptr<Tunnel>(
      new Tunnel(std::move(far), std::move(door), Socket(pair[0]), Socket(pair[1]), ntohs(address.sin_port), until));
}

Tunnel::Tunnel(Socket far, Socket door, Socket stop_read, Socket stop_write, int port, const Until& until)
    : far_(std::move(far)),
      door_(std::move(door)),
      stop_read_(std::move(stop_read)),
      stop_write_(std::move(stop_write)),
      port_(port),
      thread_([this, until] { run(until); }) {}

Tunnel::~Tunnel() {
  stop_write_.reset();
  thread_.join();
}

void Tunnel::run(const Until& until) {
  Socket near;
  bool near_open = true;
  std::array<char, 16'384> buffer{};
  while (near_open && until.left().count() > 0) {
    const int inside = near.get() < 0 ? door_.get() : near.get();
    std::array<pollfd, 3> watched{{{stop_read_.get(), POLLIN, 0}, {inside, POLLIN, 0}, {far_.get(), POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), poll_time(until));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || watched[0].revents != 0) break;
    if (near.get() < 0) {
      if (watched[1].revents == 0) break;  // kadmind hung up before we began
      near = Socket(::accept4(door_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      door_ = Socket();
      continue;
    }
    for (const auto& [from, to] : {std::pair{1, far_.get()}, std::pair{2, near.get()}}) {
      const auto& end = watched[static_cast<std::size_t>(from)];
      if (end.revents == 0) continue;
      const ssize_t got = ::recv(end.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      near_open = got > 0 && write_all(to, buffer.data(), static_cast<std::size_t>(got), until);
      if (!near_open) break;
    }
  }
  door_ = Socket();  // whoever waits at either end hears of it now
  far_ = Socket();
}

}  // namespace exeunt::connect::kerberos
