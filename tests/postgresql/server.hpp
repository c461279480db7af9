// A real, throw-away PostgreSQL 15 on loopback: TLS for "localhost", scram, login gate, csvlog. One for the whole test program.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "testing/connector_calls.hpp"
#include "testing/real_server.hpp"

struct pg_conn;

namespace exeunt::test {

/// A client of the server that is not Exeunt: the person, an administrator, an application.
class Client {
 public:
  Client() = default;
  explicit Client(pg_conn* connection) : connection_(connection) {}
  [[nodiscard]] bool open() const;  // logged in, and the connection still answers
  /// First column of the first row; "" for none; "!<SQLSTATE>" for an error; "!lost" when the connection is gone.
  std::string ask(const std::string& sql);
  [[nodiscard]] std::string endpoint();  // "127.0.0.1:41234", from this side
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  friend class Server;
  std::unique_ptr<pg_conn, Finish> connection_;
  std::string refusal_;
  std::string endpoint_;  // remembered: asked for after the connection is gone
};

class Server {
 public:
  /// The one server; nullptr (with words on stdout) where PostgreSQL 15 is not installed.
  static Server* get();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  Client log_in(const std::string& role, const std::string& password, const std::string& database = "postgres");
  Client& admin() { return admin_; }
  /// A new LOGIN role "<stem>_<n>" with password "pw"; returns its name.
  std::string make_role(const std::string& stem, const std::string& options = "");
  std::string oid_of(const std::string& role);
  /// A connector of our restricted role (CREATEROLE, no superuser); `changes` override settings, an empty value takes one out.
  std::unique_ptr<connect::Connector> connector(const testing::Changes& changes = {});
  connect::SystemConfig config(const testing::Changes& changes = {}) const;
  void stop();
  void start();
  void write_secret(const std::string& file, const std::string& value) const;
  /// All csvlog files, oldest first.
  [[nodiscard]] std::string log_text() const;
  /// The log is written by a process of its own, a little later: returns once a line holds both texts.
  void wait_for_log(const std::string& text, const std::string& and_also = "");
  void rotate_log();
  /// Replaces pg_hba.conf's first lines (the gate) and reloads.
  void set_gate(bool open);
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] int port() const { return port_; }
  const base::Clock& clock() const { return clock_; }

 private:
  Server() = default;
  bool create();
  void write_access(bool gate_open);
  bool run(const std::vector<std::string>& argv);
  base::SystemClock clock_;
  base::SystemRandom random_;
  std::filesystem::path folder_;
  int port_ = 0;
  int made_ = 0;
  bool running_ = false;
  Client admin_;
};

using testing::Seen;
Seen look(connect::Connector& connector, const std::vector<std::string>& oids, const std::vector<model::Node>& secrets = {});
model::Node account(const std::string& oid, const std::string& name = "");
base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& target,
                                        std::vector<model::Node> covered = {}, const base::Secret* secret = nullptr);
connect::ProbeResult gate(connect::Connector& connector, const std::string& oid, const std::string& name = "");

}  // namespace exeunt::test
