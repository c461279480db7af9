#include "rabbitmq/amqp.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdint>

namespace exeunt::test {

namespace {

std::string u8(int value) { return {static_cast<char>(value)}; }
std::string u16(int value) { return u8(value >> 8) + u8(value & 0xff); }
std::string u32(std::uint32_t value) { return u16(static_cast<int>(value >> 16)) + u16(static_cast<int>(value & 0xffff)); }
std::string u64(std::uint64_t value) { return u32(static_cast<std::uint32_t>(value >> 32)) + u32(static_cast<std::uint32_t>(value)); }
std::string short_text(const std::string& text) { return u8(static_cast<int>(text.size())) + text; }
std::string long_text(const std::string& text) { return u32(static_cast<std::uint32_t>(text.size())) + text; }
std::uint32_t number(const std::string& bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}
constexpr int method_of(int of_class, int method) { return of_class * 1'000 + method; }
std::string method(int of_class, int number_of_method, const std::string& arguments) {
  return u16(of_class) + u16(number_of_method) + arguments;
}

constexpr int k_method = 1, k_header = 2, k_body = 3;
constexpr int k_login_ms = 20'000;

}  // namespace

AmqpClient::AmqpClient(int port, const std::string& user, const std::string& password, bool open_at_once)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
  const std::string hello("AMQP\0\0\x09\x01", 8);
  static_cast<void>(::send(socket_.get(), hello.data(), hello.size(), MSG_NOSIGNAL));
  if (wait_for(method_of(10, 10), k_login_ms).type != k_method) return;
  const std::string nothing = long_text("");
  // The capability lets the broker say why it refuses a login.
  const std::string properties = short_text("capabilities") + "F" + long_text(short_text("authentication_failure_close") + "t" + u8(1));
  send(k_method, 0,
       method(10, 11, long_text(properties) + short_text("PLAIN") + long_text('\0' + user + '\0' + password) + short_text("en_US")));
  if (wait_for(method_of(10, 30), k_login_ms).type != k_method) return;
  if (open_at_once) open_vhost();
}

bool AmqpClient::open_vhost() {
  send(k_method, 0, method(10, 31, u16(2'047) + u32(131'072) + u16(0)));
  send(k_method, 0, method(10, 40, short_text("/") + short_text("") + u8(0)));
  open_ = wait_for(method_of(10, 41), k_login_ms).type == k_method;
  return open_;
}

void AmqpClient::send(int type, int channel, const std::string& payload) {
  const std::string frame = u8(type) + u16(channel) + long_text(payload) + "\xCE";
  static_cast<void>(::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL));
}

AmqpClient::Frame AmqpClient::next(int timeout_ms) {
  for (;;) {
    if (bytes_.size() >= 7) {
      const std::size_t size = number(bytes_, 3, 4);
      if (bytes_.size() >= size + 8) {
        Frame frame;
        frame.type = bytes_[0];
        frame.payload = bytes_.substr(7, size);
        bytes_.erase(0, size + 8);
        if (frame.type == k_method) {
          frame.method = method_of(static_cast<int>(number(frame.payload, 0, 2)), static_cast<int>(number(frame.payload, 2, 2)));
          note_close(frame);
        }
        return frame;
      }
    }
    pollfd watched{socket_.get(), POLLIN, 0};
    if (::poll(&watched, 1, timeout_ms) <= 0) return {};
    char buffer[8'192];
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got <= 0) {
      open_ = false;
      return {-1, 0, {}};
    }
    bytes_.append(buffer, static_cast<std::size_t>(got));
  }
}

void AmqpClient::note_close(const Frame& frame) {
  if (frame.method != method_of(10, 50)) return;
  refusal_ = std::to_string(number(frame.payload, 4, 2)) + " " + frame.payload.substr(7, number(frame.payload, 6, 1));
  open_ = false;
  send(k_method, 0, method(10, 51, ""));
}

AmqpClient::Frame AmqpClient::wait_for(int wanted, int timeout_ms) {
  for (;;) {
    const Frame frame = next(timeout_ms);
    if (frame.type <= 0 || frame.method == wanted) return frame;
    if (frame.method == method_of(10, 50)) return {-1, 0, {}};
  }
}

bool AmqpClient::consume(const std::string& queue) {
  send(k_method, 1, method(20, 10, short_text("")));
  if (wait_for(method_of(20, 11), k_login_ms).type != k_method) return false;
  send(k_method, 1, method(50, 10, u16(0) + short_text(queue) + u8(0) + long_text("")));
  if (wait_for(method_of(50, 11), k_login_ms).type != k_method) return false;
  send(k_method, 1, method(60, 20, u16(0) + short_text(queue) + short_text("") + u8(2) + long_text("")));
  return wait_for(method_of(60, 21), k_login_ms).type == k_method;
}

bool AmqpClient::publish(const std::string& queue, const std::string& text) {
  send(k_method, 2, method(20, 10, short_text("")));
  if (wait_for(method_of(20, 11), k_login_ms).type != k_method) return false;
  send(k_method, 2, method(60, 40, u16(0) + short_text("") + short_text(queue) + u8(0)));
  send(k_header, 2, u16(60) + u16(0) + u64(text.size()) + u16(0));
  send(k_body, 2, text);
  send(k_method, 2, method(20, 40, u16(200) + short_text("") + u16(0) + u16(0)));
  return wait_for(method_of(20, 41), k_login_ms).type == k_method;
}

bool AmqpClient::receives(const std::string& text, int timeout_ms) {
  for (;;) {
    const Frame frame = next(timeout_ms);
    if (frame.type <= 0) return false;
    if (frame.type == k_body && frame.payload == text) return true;
  }
}

bool AmqpClient::closed(int timeout_ms) {
  if (!open_) return true;
  for (;;) {
    const Frame frame = next(timeout_ms);
    if (!open_) return true;
    if (frame.type == 0) return false;
  }
}

std::string AmqpClient::endpoint() const {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(ntohs(address.sin_port));
}

}  // namespace exeunt::test
