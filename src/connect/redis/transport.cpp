#include "connect/redis/transport.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace exeunt::connect::redis {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

std::string place(const Settings& settings) {
  return settings.system.text() + " (" + settings.host + ":" + std::to_string(settings.port) + ")";
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

void Transport::Free::operator()(ssl_st* tls) const { SSL_free(tls); }

bool Transport::wait(short events, const Until& until) const {
  for (;;) {
    const auto left = until.left().count();
    if (left <= 0) return false;
    pollfd watched{socket_.get(), events, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left, INT_MAX)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool Transport::wait_for_tls(int result, const Until& until) {
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ: return wait(POLLIN, until);
    case SSL_ERROR_WANT_WRITE: return wait(POLLOUT, until);
    default: return false;
  }
}

Status Transport::start_tls(const Settings& settings, const Until& until) {
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_load_verify_locations(context.get(), settings.ca_file.c_str(), nullptr) != 1) {
    return fail(Code::failed_precondition, place(settings) + ": ca_file " + settings.ca_file + " cannot be read",
                "name the authority's certificate (PEM)");
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  tls_.reset(SSL_new(context.get()));
  if (!tls_) return fail(Code::internal, place(settings) + ": no TLS state could be made");
  SSL_set_verify(tls_.get(), SSL_VERIFY_PEER, nullptr);
  // A peer that is verified against the authority alone may be anybody whom it vouches for: the name decides.
  const bool named = is_address(settings.host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), settings.host.c_str()) == 1
                                               : SSL_set1_host(tls_.get(), settings.host.c_str()) == 1 &&
                                                     SSL_set_tlsext_host_name(tls_.get(), const_cast<char*>(settings.host.c_str())) == 1;
  if (!named || SSL_set_fd(tls_.get(), socket_.get()) != 1) return fail(Code::internal, place(settings) + ": TLS could not be set up");
  for (;;) {
    const int result = SSL_connect(tls_.get());
    if (result == 1) return {};
    if (wait_for_tls(result, until)) continue;
    const long verified = SSL_get_verify_result(tls_.get());
    if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      return fail(Code::unavailable, place(settings) + ": TLS name mismatch, nothing was sent",
                  "set `host` to the name in the server's certificate, or give the server a certificate for that name");
    }
    const std::string why = verified == X509_V_OK ? "the handshake did not end" : X509_verify_cert_error_string(verified);
    return fail(Code::unavailable, place(settings) + ": no trusted TLS connection: " + why,
                "check ca_file and that this is the server's tls-port");
  }
}

Result<Transport> Transport::open(const Settings& settings, const Until& until) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(settings.port);
  if (const int failed = ::getaddrinfo(settings.host.c_str(), port.c_str(), &hints, &found); failed != 0) {
    return fail(Code::unavailable, place(settings) + ": the name is not resolved: " + ::gai_strerror(failed), "check `host`");
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  int number = ECONNREFUSED;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    base::Descriptor socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) continue;
    Transport transport(std::move(socket));
    if (::connect(transport.socket_.get(), one->ai_addr, one->ai_addrlen) != 0) {
      number = errno;
      if (number != EINPROGRESS) continue;
      socklen_t size = sizeof number;
      if (!transport.wait(POLLOUT, until)) {
        number = ETIMEDOUT;
        continue;
      }
      ::getsockopt(transport.socket_.get(), SOL_SOCKET, SO_ERROR, &number, &size);
      if (number != 0) continue;
    }
    const int on = 1;
    ::setsockopt(transport.socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!settings.ca_file.empty()) EXEUNT_TRY(transport.start_tls(settings, until));
    return transport;
  }
  base::Error error = base::system_error(place(settings), "connect", number);
  error.code = Code::unavailable;
  error.next = "see that the server runs and that host and port are right";
  return fail(std::move(error));
}

bool Transport::send(std::string_view bytes, const Until& until) {
  while (!bytes.empty()) {
    if (tls_) {
      const int sent = SSL_write(tls_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX)));
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (!wait_for_tls(sent, until)) {
        return false;
      }
      continue;
    }
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if ((errno != EAGAIN && errno != EINTR) || !wait(POLLOUT, until)) {
      return false;
    }
  }
  return true;
}

std::string Transport::receive(const Until& until) {
  char buffer[16'384];
  for (;;) {
    if (until.left().count() <= 0) return {};
    if (tls_) {
      const int got = SSL_read(tls_.get(), buffer, sizeof buffer);
      if (got > 0) return {buffer, static_cast<std::size_t>(got)};
      if (!wait_for_tls(got, until)) return {};
      continue;
    }
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got > 0) return {buffer, static_cast<std::size_t>(got)};
    if (got == 0 || (errno != EAGAIN && errno != EINTR) || !wait(POLLIN, until)) return {};
  }
}

}  // namespace exeunt::connect::redis
