#include "redis/relay.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "connect/redis/reply.hpp"

namespace exeunt::test {

using connect::Fault;
using connect::redis::Reply;
using connect::redis::ReplyReader;

namespace {

bool write_all(int descriptor, const std::string& bytes) {
  return ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string encode(const Reply& reply) {
  switch (reply.type) {
    case Reply::Type::nil: return "$-1\r\n";
    case Reply::Type::status: return "+" + reply.text + "\r\n";
    case Reply::Type::error: return "-" + reply.text + "\r\n";
    case Reply::Type::integer: return ":" + std::to_string(reply.number) + "\r\n";
    case Reply::Type::text: return "$" + std::to_string(reply.text.size()) + "\r\n" + reply.text + "\r\n";
    case Reply::Type::array: break;
  }
  std::string out = "*" + std::to_string(reply.items.size()) + "\r\n";
  for (const Reply& item : reply.items) out += encode(item);
  return out;
}

/// Everything of a listing but its beginning goes; its other answers stay.
void cut_listings(Reply& reply) {
  if (!reply.items.empty() && reply.items.front().text.starts_with("user ")) reply.items.resize(1);
  if (reply.text.starts_with("id=")) reply.text.erase(reply.text.find('\n') + 1);
  for (Reply& item : reply.items) cut_listings(item);
}

struct Command {
  std::string first, second, all, bytes;
  [[nodiscard]] bool sets_user() const { return first == "ACL" && second == "SETUSER"; }
  [[nodiscard]] bool saves() const { return (first == "ACL" && second == "SAVE") || (first == "CONFIG" && second == "REWRITE"); }
  [[nodiscard]] bool kills() const { return first == "CLIENT" && second == "KILL"; }
  [[nodiscard]] bool deletes() const { return first == "ACL" && second == "DELUSER"; }
  [[nodiscard]] bool changes() const { return sets_user() || saves() || kills() || deletes(); }
};

}  // namespace

/// One client's connection, from its first byte to its last.
class Passage {
 public:
  Passage(Relay& relay, int client, int stop) : relay_(relay), client_(client), stop_(stop) {}
  ~Passage() {
    if (server_ >= 0) ::close(server_);
  }

  void run() {
    if (relay_.fault_ == Fault::down) return;
    server_ = testing::connect_to(relay_.server_port_);
    if (server_ < 0) return;
    const int on = 1;
    for (const int one : {client_, server_}) ::setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (wait_for_client()) {
      char buffer[16'384];
      const ssize_t got = ::read(client_, buffer, sizeof buffer);
      if (got <= 0) return;
      requests_.feed({buffer, static_cast<std::size_t>(got)});
      while (auto request = requests_.next()) {
        if (!pass(*request)) return;
      }
      if (requests_.broken()) return;
    }
  }

 private:
  bool wait_for_client() const {
    pollfd watched[2] = {{client_, POLLIN, 0}, {stop_, POLLIN, 0}};
    ::poll(watched, 2, -1);
    return watched[1].revents == 0;
  }

  bool pass(const Reply& request) {
    Command command;
    command.bytes = encode(request);
    for (const Reply& word : request.items) command.all += word.text + " ";
    command.first = !request.items.empty() ? request.items[0].text : "";
    command.second = request.items.size() > 1 ? request.items[1].text : "";
    const int number = ++relay_.commands_;
    const bool cut = number == relay_.cut_command_;
    if (cut && !relay_.cut_after_effect_) return false;
    if (command.sets_user())
      rotates_ = command.all.find("nocommands") == std::string::npos && command.all.find("resetpass") != std::string::npos;
    const Fault fault = relay_.fault_;
    if (fault == Fault::prober_broken && command.first == "AUTH") {
      return write_all(client_, "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    }
    if (fault == Fault::answer_lost_before && command.changes()) return false;
    if (fault == Fault::silent_no_op && command.changes())
      return write_all(client_, command.kills() || command.deletes() ? ":1\r\n" : "+OK\r\n");
    if (!write_all(server_, command.bytes)) return false;
    auto reply = answer();
    if (!reply || cut) return false;
    // An action has its whole effect with its last change: a rotation ends sessions after it has saved.
    if (fault == Fault::answer_lost_after && (command.kills() || (command.saves() && !rotates_))) return false;
    std::string bytes = encode(*reply);
    if (command.first == "EXEC" && fault == Fault::listing_cut_said) return write_all(client_, bytes.substr(0, bytes.size() / 2)), false;
    if (command.first == "EXEC" && fault == Fault::listing_cut_unsaid) {
      cut_listings(*reply);
      bytes = encode(*reply);
    }
    return write_all(client_, bytes);
  }

  std::optional<Reply> answer() {
    for (;;) {
      if (auto reply = replies_.next()) return reply;
      char buffer[16'384];
      const ssize_t got = ::read(server_, buffer, sizeof buffer);
      if (got <= 0) return std::nullopt;
      replies_.feed({buffer, static_cast<std::size_t>(got)});
    }
  }

  Relay& relay_;
  const int client_, stop_;
  int server_ = -1;
  ReplyReader requests_, replies_;
  bool rotates_ = false;
};

Relay::Relay(int server_port) : server_port_(server_port), door_([this](int client, int stop) { Passage(*this, client, stop).run(); }) {}

void Relay::cut_at(int command, bool after_effect) {
  commands_ = 0;
  cut_command_ = command;
  cut_after_effect_ = after_effect;
}

}  // namespace exeunt::test
