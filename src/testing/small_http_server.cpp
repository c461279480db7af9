#include "testing/small_http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "base/check.hpp"
#include "base/descriptor.hpp"

namespace exeunt::testing {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* tls) const { SSL_free(tls); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<SSL_CTX> context_for(const std::string& name, const std::filesystem::path& ca_file) {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  const std::string names = "DNS:" + name;
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  EXEUNT_CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  std::FILE* const file = std::fopen(ca_file.c_str(), "w");
  EXEUNT_CHECK(file != nullptr);
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  return context;
}

/// One connection, over TLS or not.
class Wire {
 public:
  Wire(int socket, SSL_CTX* context) : socket_(socket) {
    if (context == nullptr) return;
    tls_.reset(SSL_new(context));
    SSL_set_fd(tls_.get(), socket);
    open_ = SSL_accept(tls_.get()) == 1;
  }
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] bool fill(std::string& buffer) {
    char bytes[4096];
    const auto got = tls_ ? SSL_read(tls_.get(), bytes, sizeof bytes) : static_cast<int>(::recv(socket_, bytes, sizeof bytes, 0));
    if (got <= 0) return false;
    buffer.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  void put(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto done = tls_ ? SSL_write(tls_.get(), bytes.data() + sent, static_cast<int>(bytes.size() - sent))
                             : static_cast<int>(::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL));
      if (done <= 0) return;
      sent += static_cast<std::size_t>(done);
    }
  }

 private:
  int socket_;
  Owned<SSL> tls_;
  bool open_ = true;
};

/// Bytes of the first whole request in the buffer; 0 when there is none yet.
std::size_t whole_request(const std::string& buffer) {
  const std::size_t end = buffer.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  std::size_t length = 0;
  const std::size_t header = buffer.find("Content-Length: ");
  if (header < end) std::from_chars(buffer.data() + header + 16, buffer.data() + end, length);
  return buffer.size() >= end + 4 + length ? end + 4 + length : 0;
}

}  // namespace

SmallReply SmallReply::answer(int status, const std::string& body, const std::string& headers) {
  SmallReply reply;
  reply.bytes = "HTTP/1.1 " + std::to_string(status) + " Words\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
                "Connection: close\r\n\r\n" + body;
  return reply;
}

class SmallHttpServer::Inside {
 public:
  Inside(Reply reply, Owned<SSL_CTX> context, std::filesystem::path ca_file)
      : reply_(std::move(reply)), context_(std::move(context)), ca_file_(std::move(ca_file)) {
    std::signal(SIGPIPE, SIG_IGN);  // a client that goes while OpenSSL writes
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXEUNT_CHECK(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    EXEUNT_CHECK(::listen(listener_.get(), 16) == 0);
    socklen_t size = sizeof address;
    EXEUNT_CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Inside() { stop(); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    listener_.reset();
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::filesystem::path& ca_file() const { return ca_file_; }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard guard(mutex_);
    return requests_;
  }

 private:
  [[nodiscard]] bool readable(int descriptor, std::chrono::milliseconds wait) const {
    for (auto left = wait; !stopping_; left -= std::chrono::milliseconds(20)) {
      pollfd poll_for{descriptor, POLLIN, 0};
      if (::poll(&poll_for, 1, 20) > 0) return true;
      if (left <= std::chrono::milliseconds(0)) return false;
    }
    return false;
  }
  void serve() {
    while (!stopping_) {
      if (!readable(listener_.get(), std::chrono::hours(1))) continue;
      const base::Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.valid()) talk(client.get());
    }
  }
  void talk(int socket) {
    Wire wire(socket, context_.get());
    std::string buffer;
    while (wire.open() && !stopping_) {
      std::size_t size = 0;
      while ((size = whole_request(buffer)) == 0) {
        if (!readable(socket, std::chrono::seconds(10)) || !wire.fill(buffer)) return;
      }
      const std::string request = buffer.substr(0, size);
      buffer.erase(0, size);
      {
        const std::lock_guard guard(mutex_);
        requests_.push_back(request);
      }
      const SmallReply reply = reply_(request);
      if (reply.hold.count() > 0 && readable(socket, reply.hold)) return;
      wire.put(reply.bytes);
      if (reply.reset) {
        const linger now{1, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      }
      if (!reply.keep_open) return;
    }
  }

  const Reply reply_;
  const Owned<SSL_CTX> context_;
  const std::filesystem::path ca_file_;
  base::Descriptor listener_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

SmallHttpServer::SmallHttpServer(Reply reply) : inside_(std::make_unique<Inside>(std::move(reply), nullptr, "")) {}
SmallHttpServer::SmallHttpServer(Reply reply, const std::string& certificate_name, const std::filesystem::path& folder)
    : inside_(std::make_unique<Inside>(std::move(reply), context_for(certificate_name, folder / (certificate_name + ".pem")),
                                       folder / (certificate_name + ".pem"))) {}
SmallHttpServer::~SmallHttpServer() = default;
int SmallHttpServer::port() const { return inside_->port(); }
std::filesystem::path SmallHttpServer::ca_file() const { return inside_->ca_file(); }
std::vector<std::string> SmallHttpServer::requests() const { return inside_->requests(); }
void SmallHttpServer::stop() { inside_->stop(); }

}  // namespace exeunt::testing
