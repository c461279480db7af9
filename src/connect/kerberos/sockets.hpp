// TCP with a deadline, for what the libraries would wait for on their own terms: one exchange with a KDC, and a tunnel to kadmind.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "connect/until.hpp"

namespace exeunt::connect::kerberos {

using Socket = base::Descriptor;

/// unavailable with the reason when nobody answers there in time.
[[nodiscard]] base::Result<Socket> connect_to(const std::string& host, int port, const Until& until);
/// RFC 4120 §7.2.2: four octets of length, then the message; the same back. unavailable for whatever is not that.
[[nodiscard]] base::Result<std::string> exchange(const std::string& host, int port, const std::string& message, const Until& until);

/// libkadm5clnt opens its connection itself and waits 25 s and longer for each answer. It is given this door on loopback instead, which hands on to
/// kadmind and shuts when the call's time is over. The conversation inside is authenticated and sealed end to end (GSS-API): whoever came in by
/// the door before us would spoil one call, and see nothing.
class Tunnel {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<Tunnel>> open(const std::string& host, int port, const Until& until);
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;
  ~Tunnel();
  [[nodiscard]] int port() const { return port_; }

 private:
  Tunnel(Socket far, Socket door, Socket stop_read, Socket stop_write, int port, const Until& until);
  void run(const Until& until);

  Socket far_, door_, stop_read_, stop_write_;
  int port_;
  std::thread thread_;
};

}  // namespace exeunt::connect::kerberos
