#include "connect/simulated/wire.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.hpp"

namespace exeunt::connect::simulated {
namespace {

using base::Code;
using base::Descriptor;
using base::Result;

constexpr std::size_t k_answer_bytes_max = 16 * 1024 * 1024;

Code code_of(std::string_view name) {
  for (int number = static_cast<int>(Code::invalid_argument); number <= static_cast<int>(Code::cancelled); ++number) {
    if (base::code_name(static_cast<Code>(number)) == name) return static_cast<Code>(number);
  }
  return Code::internal;
}

/// One connection, used once.
class Line {
 public:
  Line(const base::Clock& clock, base::Duration timeout) : clock_(clock), end_(clock.steady() + timeout) {}

  bool connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    socket_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return socket_.valid() && ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  bool send(std::string_view text) {
    while (!text.empty()) {
      if (!wait(POLLOUT)) return false;
      const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (sent < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Empty when the connection closed or the time was up before a whole line had come.
  std::string receive() {
    while (true) {
      const std::size_t newline = buffer_.find('\n');
      if (newline != std::string::npos) {
        std::string line = buffer_.substr(0, newline);
        buffer_.erase(0, newline + 1);
        return line;
      }
      char chunk[8192];
      if (buffer_.size() > k_answer_bytes_max || !wait(POLLIN)) return {};
      const ssize_t got = ::recv(socket_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) return {};
      buffer_.append(chunk, static_cast<std::size_t>(got));
    }
  }

 private:
  bool wait(short events) {
    const base::Duration left = end_ - clock_.steady();
    pollfd watched{socket_.get(), events, 0};
    return left.count() > 0 && ::poll(&watched, 1, static_cast<int>(left.count())) > 0;
  }

  const base::Clock& clock_;
  base::Duration end_;
  Descriptor socket_;
  std::string buffer_;
};

}  // namespace

Result<base::JsonObject> Wire::ask(const base::JsonObject& question, Purpose purpose, const Deadline& deadline) const {
  Line line(clock_, deadline.timeout);
  const std::string next = "see whether lab/simulated_systems.py runs, then repeat";
  if (!line.connect(socket_)) return base::fail(Code::unavailable, subject_ + ": nobody answers on " + socket_, next);
  // The server greets first: until then nothing was sent, and a lost connection certainly had no effect.
  if (line.receive() != "{\"hello\":1}") return base::fail(Code::unavailable, subject_ + ": the system is down", next);
  if (!line.send(base::canonical_json(question) + "\n")) {
    return base::fail(purpose == Purpose::change ? Code::outcome_unknown : Code::unavailable,
                      subject_ + ": the connection was lost while asking", "observe what there is");
  }
  const std::string text = line.receive();
  if (text.empty()) {
    return base::fail(purpose == Purpose::change ? Code::outcome_unknown : Code::unavailable, subject_ + ": no answer came",
                      "observe what there is");
  }
  const auto answer = base::parse_json(text);
  if (!answer || !answer->is_object()) {
    return base::fail(purpose == Purpose::change ? Code::outcome_unknown : Code::unavailable, subject_ + ": the answer is not understood",
                      "use the same version of both programs");
  }
  const base::JsonObject& object = answer->as_object();
  EXEUNT_TRY_ASSIGN(const bool accepted, base::json_bool(object, "ok"));
  if (accepted) return object;
  EXEUNT_TRY_ASSIGN(const std::string code, base::json_string(object, "code"));
  EXEUNT_TRY_ASSIGN(const std::string what, base::json_string(object, "what"));
  return base::fail(code_of(code), what, base::json_string(object, "next").value_or(""));
}

}  // namespace exeunt::connect::simulated
