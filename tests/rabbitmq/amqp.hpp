// Just enough of AMQP 0-9-1 to be a person on the broker: log in, hold a connection, consume. For tests only.
#pragma once

#include <string>

#include "base/descriptor.hpp"

namespace exeunt::test {

class AmqpClient {
 public:
  AmqpClient() = default;
  /// Connects and logs in (PLAIN, vhost "/"); `open()` says whether the broker let it in, `refusal()` what it said otherwise.
  AmqpClient(int port, const std::string& user, const std::string& password, bool open_at_once = true);
  /// The second half of the handshake, for a client that waited after its login was taken.
  bool open_vhost();
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  /// Declares a queue and consumes from it, acknowledging nothing.
  bool consume(const std::string& queue);
  bool publish(const std::string& queue, const std::string& text);
  /// A delivery with this text within the time.
  bool receives(const std::string& text, int timeout_ms = 2'000);
  /// The broker has closed the connection (the close is answered, as a well-behaved client does).
  bool closed(int timeout_ms = 10'000);
  [[nodiscard]] std::string endpoint() const;

 private:
  struct Frame {
    int type = 0;  // 0: none within the time; -1: the connection is gone
    int method = 0;
    std::string payload;
  };
  Frame next(int timeout_ms);
  void send(int type, int channel, const std::string& payload);
  Frame wait_for(int method, int timeout_ms);
  void note_close(const Frame& frame);
  base::Descriptor socket_;
  std::string bytes_;
  std::string refusal_;
  bool open_ = false;
};

}  // namespace exeunt::test
