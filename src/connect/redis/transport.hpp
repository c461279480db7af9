// Bytes to and from one server with a time limit on every wait: TCP, and TLS with the server's name verified where a ca_file is set.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "connect/redis/settings.hpp"
#include "connect/until.hpp"

struct ssl_st;

namespace exeunt::connect::redis {

class Transport {
 public:
  /// unavailable: nothing of ours was sent (also for a certificate that is not trusted or has another name).
  [[nodiscard]] static base::Result<Transport> open(const Settings& settings, const Until& until);
  /// False: the connection is gone or the time is up; how much arrived is not known.
  [[nodiscard]] bool send(std::string_view bytes, const Until& until);
  /// What is there, at least one byte; empty: closed by the server, or the time is up.
  [[nodiscard]] std::string receive(const Until& until);

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
  };
  explicit Transport(base::Descriptor socket) : socket_(std::move(socket)) {}
  [[nodiscard]] base::Status start_tls(const Settings& settings, const Until& until);
  [[nodiscard]] bool wait(short events, const Until& until) const;
  [[nodiscard]] bool wait_for_tls(int result, const Until& until);
  base::Descriptor socket_;
  std::unique_ptr<ssl_st, Free> tls_;
};

}  // namespace exeunt::connect::redis
