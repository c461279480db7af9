// A real, throw-away RabbitMQ 3.10 with its management plugin on loopback. One for the whole test program: it takes seconds to start.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "net/http_client.hpp"
#include "rabbitmq/amqp.hpp"
#include "testing/connector_calls.hpp"
#include "testing/real_server.hpp"

namespace exeunt::test {

class Server {
 public:
  /// The one server; nullptr (with words on stdout) where RabbitMQ is not installed.
  static Server* get();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// As administrator: status of the answer, its body in `body`.
  int ask(net::Method method, const std::vector<std::string>& segments, const std::string& body = "", std::string* answer = nullptr);
  /// A new user "<stem>_<n>" with password "pw" and permissions on vhost "/"; returns its name.
  std::string make_user(const std::string& stem, const std::string& tags = "");
  void set_password(const std::string& user, const std::string& password, const std::string& tags = "");
  AmqpClient log_in(const std::string& user, const std::string& password) const { return {amqp_port_, user, password}; }
  /// Logged in, and the vhost not opened yet.
  AmqpClient half_log_in(const std::string& user, const std::string& password) const { return {amqp_port_, user, password, false}; }
  [[nodiscard]] bool lets_in(const std::string& user, const std::string& password) const { return log_in(user, password).open(); }
  /// Whether the broker takes this password, asked without a connection of its own.
  [[nodiscard]] bool takes(const std::string& user, const std::string& password);
  /// Waits until the statistics know that many connections of the user: they lag.
  void wait_for_statistics(const std::string& user, std::size_t connections);
  std::unique_ptr<connect::Connector> connector(const testing::Changes& changes = {});
  connect::SystemConfig config(const testing::Changes& changes = {}) const;
  void stop();
  void start();
  void write_secret(const std::string& file, const std::string& value) const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] int port() const { return management_port_; }

 private:
  Server() = default;
  bool create();
  base::SystemClock clock_;
  base::SystemRandom random_;
  std::filesystem::path folder_;
  int amqp_port_ = 0, management_port_ = 0, distribution_port_ = 0, epmd_port_ = 0, pid_ = -1, epmd_ = -1, made_ = 0;
  std::unique_ptr<net::HttpClient> client_;
};

using testing::act;
using testing::k_case_value;
using testing::own;
using testing::Seen;
model::Node node(model::NodeKind kind, const std::string& name);
inline model::Node account(const std::string& name) { return node(model::NodeKind::account, name); }
Seen look(connect::Connector& connector, const std::vector<std::string>& names, const std::vector<model::Node>& secrets = {});

}  // namespace exeunt::test
