// A real, throw-away RabbitMQ 3.10 with its management plugin on loopback. One for the whole test program: it takes seconds to start.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "connect/connector.hpp"
#include "connect/system_config.hpp"
#include "net/http_client.hpp"
#include "rabbitmq/amqp.hpp"

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
  std::unique_ptr<connect::Connector> connector(const std::vector<std::pair<std::string, std::string>>& changes = {});
  connect::SystemConfig config(const std::vector<std::pair<std::string, std::string>>& changes = {}) const;
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

/// Inventory, and what a test asks of it.
struct Seen {
  model::Inventory inventory;
  [[nodiscard]] std::vector<model::Node> all(model::NodeKind kind) const;
  [[nodiscard]] const model::Listing* listing(model::NodeKind kind, const std::string& account) const;
  [[nodiscard]] bool gap_names(const std::string& words) const;
};
Seen look(connect::Connector& connector, const std::vector<std::string>& names, const std::vector<model::Node>& secrets = {});
model::Node node(model::NodeKind kind, const std::string& name);
inline model::Node account(const std::string& name) { return node(model::NodeKind::account, name); }
base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& target,
                                        std::vector<model::Node> covered = {});
connect::ProbeResult own(connect::Connector& connector, const model::Node& target, const base::Secret* old_value = nullptr,
                         const base::Secret* new_value = nullptr);

/// What every test sets as the new value.
inline const std::string k_case_value = "a value of the case, never repeated";

}  // namespace exeunt::test

/// Skips a test loudly where there is no server.
#define EXEUNT_SERVER(server)                                             \
  ::exeunt::test::Server* server##_found = ::exeunt::test::Server::get(); \
  if (server##_found == nullptr) return;                                  \
  ::exeunt::test::Server& server = *server##_found
