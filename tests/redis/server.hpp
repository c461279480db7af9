// A real, throw-away Redis 7 on loopback with an ACL file. One for the whole test program; others for what needs another set-up.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "testing/connector_calls.hpp"
#include "testing/real_server.hpp"

struct redisContext;

namespace exeunt::test {

/// A client of the server that is not Exeunt: the person, an administrator, an application.
class Client {
 public:
  Client() = default;
  explicit Client(redisContext* context) : context_(context) {}
  /// One command. Status, text, number as text; "[a, b]" for an array; "" for nil; "!CODE …" for an error; "!lost" when the connection is gone.
  std::string ask(const std::vector<std::string>& words);
  /// Sends without waiting for an answer (a blocked pop, SUBSCRIBE).
  void send(const std::vector<std::string>& words);
  /// The next answer of what was sent, within the time; "!silent" for none.
  std::string answer(int timeout_ms = 300);
  [[nodiscard]] bool open() { return context_ && ask({"PING"}).find("lost") == std::string::npos; }
  /// Whether the server has closed it, for connections that wait for something.
  [[nodiscard]] bool closed() { return answer(100) == "!lost"; }
  [[nodiscard]] std::string endpoint() const;  // "127.0.0.1:41234", from this side

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  std::unique_ptr<redisContext, Free> context_;
};

struct ServerOptions {
  bool acl_file = true;      // else users stand in redis.conf
  bool config_file = false;  // start with a redis.conf
  bool tls = false;
  std::string tls_name = "localhost";  // in the certificate
};

class Server {
 public:
  /// The one server; nullptr (with words on stdout) where Redis is not installed.
  static Server* get();
  static std::unique_ptr<Server> make(const ServerOptions& options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  Client connect() const;
  /// Logged in, or a client whose answers are "!WRONGPASS …".
  Client log_in(const std::string& user, const std::string& password) const;
  [[nodiscard]] bool lets_in(const std::string& user, const std::string& password) const;
  Client& admin() { return admin_; }
  /// A new user "<stem>_<n>" with password "pw" and rights on everything but administration; returns its name.
  std::string make_user(const std::string& stem, const std::vector<std::string>& rules = {});
  std::unique_ptr<connect::Connector> connector(const testing::Changes& changes = {});
  connect::SystemConfig config(const testing::Changes& changes = {}) const;
  void stop();
  void start();
  void write_secret(const std::string& file, const std::string& value) const;
  [[nodiscard]] std::string saved_text() const;  // what ACL LOAD would read
  void write_saved(const std::string& text) const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] int port() const { return port_; }
  const base::Clock& clock() const { return clock_; }

 private:
  explicit Server(const ServerOptions& options) : options_(options) {}
  bool create();
  ServerOptions options_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  std::filesystem::path folder_;
  int port_ = 0, tls_port_ = 0, pid_ = -1, made_ = 0;
  Client admin_;
};

using testing::act;
using testing::k_case_value;
using testing::own;
using testing::Seen;
model::Node node(model::NodeKind kind, const std::string& name);
inline model::Node account(const std::string& name) { return node(model::NodeKind::account, name); }
Seen look(connect::Connector& connector, const std::vector<std::string>& names, const std::vector<model::Node>& secrets = {});

}  // namespace exeunt::test
