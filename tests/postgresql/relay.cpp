#include "postgresql/relay.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace exeunt::test {

using connect::Fault;

namespace {

std::uint32_t length_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return ntohl(value);
}

std::string message(char type, const std::string& body) {
  const std::uint32_t length = htonl(static_cast<std::uint32_t>(body.size() + 4));
  std::string out(1, type);
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  return out + body;
}

std::string fatal(const std::string& state, const std::string& place) {
  const auto field = [](char code, const std::string& text) { return code + text + '\0'; };
  return message('E', field('S', "FATAL") + field('V', "FATAL") + field('C', state) + field('M', "refused by the relay") +
                          field('F', "auth.c") + field('L', "1") + field('R', place) + '\0');
}

bool is_change(const std::string& sql) {
  return sql.starts_with("ALTER ROLE") || sql.starts_with("REVOKE") || sql.find("pg_terminate_backend") != std::string::npos;
}

}  // namespace

/// One client's connection, from its first byte to its last.
class Passage {
 public:
  Passage(Relay& relay, int client, int stop) : relay_(relay), client_(client), stop_(stop) {}
  ~Passage() {
    if (tls_ != nullptr) SSL_free(tls_);
    if (server_ >= 0) ::close(server_);
  }

  void run() {
    if (relay_.fault_ == Fault::down || !open()) return;
    while (step()) {}
  }

 private:
  bool open() {
    char request[8];
    if (::recv(client_, request, sizeof request, MSG_WAITALL) != sizeof request || ::write(client_, "S", 1) != 1) return false;
    tls_ = SSL_new(relay_.context_.get());
    SSL_set_fd(tls_, client_);
    if (SSL_accept(tls_) != 1) return false;
    server_ = testing::connect_to(relay_.server_port_);
    return server_ >= 0;
  }

  bool step() {
    pollfd watched[3] = {{client_, POLLIN, 0}, {server_, POLLIN, 0}, {stop_, POLLIN, 0}};
    if (SSL_pending(tls_) == 0) ::poll(watched, 3, -1);
    if (watched[2].revents != 0) return false;
    char buffer[16'384];
    if (SSL_pending(tls_) > 0 || watched[0].revents != 0) {
      const int got = SSL_read(tls_, buffer, sizeof buffer);
      if (got <= 0) return false;
      from_client_.append(buffer, static_cast<std::size_t>(got));
      return take_from_client();
    }
    const ssize_t got = ::read(server_, buffer, sizeof buffer);
    if (got <= 0) return false;
    from_server_.append(buffer, static_cast<std::size_t>(got));
    return take_from_server();
  }

  bool to_server(const std::string& bytes) { return ::write(server_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()); }
  bool to_client(const std::string& bytes) {
    return bytes.empty() || SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }

  bool take_from_client() {
    if (!started_) {
      if (from_client_.size() < 4 || from_client_.size() < length_at(from_client_, 0)) return true;
      started_ = true;
      const std::string startup = std::exchange(from_client_, {});
      if (relay_.fault_ == Fault::prober_broken) {
        const bool gate = startup.find("exeunt_login_gate") != std::string::npos;
        to_client(gate ? fatal("28000", "ClientAuthentication") : fatal("28P01", "auth_failed"));
        return false;
      }
      return to_server(startup);
    }
    while (from_client_.size() >= 5 && from_client_.size() >= length_at(from_client_, 1) + 1) {
      const std::size_t size = length_at(from_client_, 1) + 1;
      const std::string one = from_client_.substr(0, size);
      from_client_.erase(0, size);
      if (one[0] == 'P') sql_ = one.substr(6);  // an unnamed statement: type, length, "\0", text
      batch_ += one;
      const bool whole = one[0] == 'S' || one[0] == 'X' || one[0] == 'p' || one[0] == 'Q';
      if (whole && !pass_batch(one[0] == 'S')) return false;
    }
    return true;
  }

  bool pass_batch(bool query) {
    const std::string bytes = std::exchange(batch_, {});
    if (!query) return to_server(bytes);
    const int number = ++relay_.batches_;
    const bool cut = number == relay_.cut_batch_;
    if (cut && !relay_.cut_after_effect_) return false;
    lose_answer_ = cut;
    const std::string sql = sql_.substr(0, sql_.find('\0'));
    const bool commit = sql == "COMMIT";
    const bool terminate = sql.find("pg_terminate_backend") != std::string::npos;
    rotates_ = rotates_ || (sql.starts_with("ALTER ROLE") && sql.find("NOLOGIN") == std::string::npos);
    switch (relay_.fault_.load()) {
      case Fault::answer_lost_before:
        if (is_change(sql)) return false;
        break;
      case Fault::answer_lost_after:
        // A rotation has its whole effect once the sessions are ended.
        if (terminate || (commit && !rotates_)) lose_answer_ = true;
        break;
      case Fault::silent_no_op:
        if (commit || terminate) return answer_without_effect(commit);
        break;
      case Fault::none:
      case Fault::down:
      case Fault::listing_cut_said:
      case Fault::listing_cut_unsaid:
      case Fault::prober_broken: break;
    }
    return to_server(bytes);
  }

  bool answer_without_effect(bool commit) {
    using namespace std::string_literals;
    std::string answer = message('1', "") + message('2', "");
    answer += commit ? message('n', "") : message('T', "\0\0"s);
    answer += message('C', commit ? "COMMIT\0"s : "SELECT 0\0"s) + message('Z', "I");
    return to_client(answer);
  }

  bool take_from_server() {
    std::string out;
    while (from_server_.size() >= 5 && from_server_.size() >= length_at(from_server_, 1) + 1) {
      const std::size_t size = length_at(from_server_, 1) + 1;
      const std::string one = from_server_.substr(0, size);
      from_server_.erase(0, size);
      if (one[0] == 'T') rows_ = 0;
      if (one[0] == 'D' && ++rows_ > 1) {
        if (relay_.fault_ == Fault::listing_cut_said) return to_client(out), false;
        if (relay_.fault_ == Fault::listing_cut_unsaid) continue;
      }
      if (lose_answer_) {
        if (one[0] == 'Z') return false;
        continue;
      }
      out += one;
    }
    return to_client(out);
  }

  Relay& relay_;
  const int client_, stop_;
  int server_ = -1;
  SSL* tls_ = nullptr;
  std::string from_client_, from_server_, batch_, sql_;
  bool started_ = false, rotates_ = false, lose_answer_ = false;
  int rows_ = 0;
};

void Relay::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Relay::Relay(int server_port, const std::string& tls)
    : server_port_(server_port),
      context_(SSL_CTX_new(TLS_server_method())),
      door_([this](int client, int stop) { Passage(*this, client, stop).run(); }) {
  SSL_CTX_use_certificate_file(context_.get(), (tls + "/server.pem").c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context_.get(), (tls + "/server.key").c_str(), SSL_FILETYPE_PEM);
}

void Relay::cut_at(int batch, bool after_effect) {
  batches_ = 0;
  cut_batch_ = batch;
  cut_after_effect_ = after_effect;
}

}  // namespace exeunt::test
