#include "openldap/relay.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "testing/loopback.hpp"

namespace exeunt::tests::openldap {
namespace {

constexpr unsigned char k_modify_request = 0x66;
constexpr std::size_t k_chunk = 65'536;

using Chunk = std::vector<unsigned char>;

/// Where the message id stands in an LDAPMessage (SEQUENCE, length, INTEGER id, operation); 0 for anything else.
std::size_t id_at(const Chunk& chunk) {
  if (chunk.size() < 8) return 0;
  const std::size_t at = 1 + ((chunk[1] & 0x80) != 0 ? 1 + (chunk[1] & 0x7F) : 1);
  return at + 2 < chunk.size() && chunk[at] == 0x02 && at + 2 + chunk[at + 1] < chunk.size() ? at : 0;
}

bool is_modify(const Chunk& chunk) {
  const std::size_t at = id_at(chunk);
  return at != 0 && chunk[at + 2 + chunk[at + 1]] == k_modify_request;
}

/// ModifyResponse with success for the request's message id.
Chunk success_for(const Chunk& request) {
  const std::size_t at = id_at(request);
  Chunk answer{0x30, 0};
  answer.insert(answer.end(), request.begin() + static_cast<long>(at), request.begin() + static_cast<long>(at + 2 + request[at + 1]));
  const Chunk success{0x67, 0x07, 0x0A, 0x01, 0x00, 0x04, 0x00, 0x04, 0x00};
  answer.insert(answer.end(), success.begin(), success.end());
  answer[1] = static_cast<unsigned char>(answer.size() - 2);
  return answer;
}

Chunk read_some(int descriptor) {
  Chunk chunk(k_chunk);
  const ssize_t got = ::read(descriptor, chunk.data(), chunk.size());
  chunk.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return chunk;
}

bool write_all(int descriptor, const Chunk& chunk) {
  return ::send(descriptor, chunk.data(), chunk.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(chunk.size());
}

}  // namespace

Relay::Relay(int server_port, Fault fault) : server_port_(server_port), fault_(fault) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = testing::loopback_address(0);
  socklen_t length = sizeof address;
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
  ::listen(listener_, 16);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  // Not for a slapd that is started meanwhile: it would hold the pipe open.
  if (::pipe2(stop_, O_CLOEXEC) == 0) thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  ::close(stop_[1]);
  if (thread_.joinable()) thread_.join();
  ::close(stop_[0]);
  ::close(listener_);
}

void Relay::set(Fault fault, int nth) {
  const std::scoped_lock lock(mutex_);
  fault_ = fault;
  nth_ = nth;
  modifies_ = 0;
}

int Relay::modifies() const {
  const std::scoped_lock lock(mutex_);
  return modifies_;
}

void Relay::run() {
  std::list<Pair> pairs;
  while (true) {
    std::vector<pollfd> watched{{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Pair& pair : pairs) {
      watched.push_back({pair.client, POLLIN, 0});
      watched.push_back({pair.server, POLLIN, 0});
    }
    ::poll(watched.data(), watched.size(), -1);
    if (watched[0].revents != 0) break;
    std::size_t at = 2;
    for (Pair& pair : pairs) {
      if (watched[at++].revents != 0) from_client(pair);
      if (watched[at++].revents != 0 && !pair.over) from_server(pair);
    }
    pairs.remove_if([](const Pair& pair) {
      if (!pair.over) return false;
      ::close(pair.client);
      ::close(pair.server);
      return true;
    });
    if (watched[1].revents != 0) accept_one(pairs);
  }
  for (const Pair& pair : pairs) {
    ::close(pair.client);
    ::close(pair.server);
  }
}

void Relay::accept_one(std::list<Pair>& pairs) {
  Pair pair{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), testing::connect_to(server_port_)};
  pair.over = pair.server < 0;
  pairs.push_back(pair);
}

void Relay::from_client(Pair& pair) {
  const Chunk chunk = read_some(pair.client);
  if (chunk.empty()) {
    pair.over = true;
    return;
  }
  const std::scoped_lock lock(mutex_);
  if (fault_ == Fault::mute) return;
  if (is_modify(chunk)) {
    pair.at_fault = ++modifies_ == nth_;
    if (fault_ == Fault::forge_modify_answers) {
      pair.over = !write_all(pair.client, success_for(chunk));
      return;
    }
    if (pair.at_fault && fault_ == Fault::lose_modify_request) {
      pair.over = true;
      return;
    }
  }
  pair.over = !write_all(pair.server, chunk);
}

void Relay::from_server(Pair& pair) {
  const Chunk chunk = read_some(pair.server);
  const std::scoped_lock lock(mutex_);
  // The answer is there, so the change was made; it goes no further.
  const bool lost = pair.at_fault && fault_ == Fault::lose_modify_answer;
  if (chunk.empty() || lost || fault_ == Fault::mute || !write_all(pair.client, chunk)) pair.over = true;
  if (pair.at_fault && fault_ == Fault::close_after_modify_answer) pair.over = true;
}

}  // namespace exeunt::tests::openldap
