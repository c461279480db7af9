#include "postgresql/server.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/process.hpp"
#include "connect/registry.hpp"
#include "testing/loopback.hpp"

namespace exeunt::test {

namespace {

namespace fs = std::filesystem;
using testing::free_port;
const std::string k_bin = "/usr/lib/postgresql/15/bin/";

/// The server refuses to run as root; Debian's package brings an account for it.
std::vector<std::string> as_server(std::vector<std::string> argv) {
  if (::geteuid() != 0) return argv;
  std::vector<std::string> out = {"/usr/sbin/runuser", "-u", "postgres", "--"};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

}  // namespace

void Client::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }
bool Client::open() const { return connection_ && PQstatus(connection_.get()) == CONNECTION_OK; }

std::string Client::ask(const std::string& sql) {
  if (!open()) return "!lost";
  PGresult* result = PQexec(connection_.get(), sql.c_str());
  std::string answer;
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK && PQntuples(result) > 0) {
    answer = PQgetvalue(result, 0, 0);
  } else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    answer = PQstatus(connection_.get()) != CONNECTION_OK ? "!lost" : "!" + std::string(state == nullptr ? "lost" : state);
  }
  PQclear(result);
  return answer;
}

std::string Client::endpoint() {
  if (!endpoint_.empty()) return endpoint_;
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(PQsocket(connection_.get()), reinterpret_cast<sockaddr*>(&address), &length);
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  endpoint_ = std::string(text) + ":" + std::to_string(ntohs(address.sin_port));
  return endpoint_;
}

Server* Server::get() {
  static std::unique_ptr<Server> server;
  static bool tried = false;
  if (!tried) {
    tried = true;
    std::unique_ptr<Server> fresh(new Server);
    if (fs::exists(k_bin + "postgres") && fresh->create()) server = std::move(fresh);
  }
  if (!server) std::printf("SKIPPED: PostgreSQL: the server of package postgresql-15 is not installed or did not start\n");
  return server.get();
}

bool Server::run(const std::vector<std::string>& argv) {
  const auto output = base::run_process(argv, {}, {.timeout = base::Duration(60'000)});
  if (output && output->exit_code == 0) return true;
  std::printf("%s: %s\n", argv.back().c_str(), output ? (output->error + output->out).c_str() : output.error().text().c_str());
  return false;
}

bool Server::create() {
  std::string pattern = "/tmp/exeunt-postgresql-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return false;
  folder_ = pattern;
  ::chmod(folder_.c_str(), 0755);
  port_ = free_port();
  const std::string tls = (folder_ / "tls").string();
  fs::create_directory(tls);
  const std::string key_type = "rsa:2048";
  if (!run({"openssl", "req", "-x509", "-newkey", key_type, "-nodes", "-days", "2", "-subj", "/CN=test CA", "-keyout", tls + "/ca.key",
            "-out", tls + "/ca.pem"}) ||
      !run({"openssl", "req", "-newkey", key_type, "-nodes", "-subj", "/CN=localhost", "-keyout", tls + "/server.key", "-out",
            tls + "/server.csr"})) {
    return false;
  }
  testing::write_file(tls + "/names", "subjectAltName=DNS:localhost\n");
  if (!run({"openssl", "x509", "-req", "-in", tls + "/server.csr", "-CA", tls + "/ca.pem", "-CAkey", tls + "/ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", tls + "/names", "-out", tls + "/server.pem"})) {
    return false;
  }
  if (!run({"openssl", "req", "-x509", "-newkey", key_type, "-nodes", "-days", "2", "-subj", "/CN=other CA", "-keyout", tls + "/other.key",
            "-out", tls + "/other.pem"})) {
    return false;
  }
  fs::create_directory(folder_ / "server");
  if (::geteuid() == 0 && !run({"chown", "-R", "postgres:", (folder_ / "server").string(), tls})) return false;
  ::chmod((tls + "/server.key").c_str(), 0600);
  const std::string data = (folder_ / "server/data").string();
  if (!run(as_server({k_bin + "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N", "-A", "trust"})))
    return false;
  std::ofstream settings(data + "/postgresql.conf", std::ios::app);
  settings << "listen_addresses = '127.0.0.1'\nport = " << port_
           << "\nunix_socket_directories = ''\nfsync = off\nmax_connections = 100\nmax_prepared_transactions = 5\n"
           << "ssl = on\nssl_cert_file = '" << tls << "/server.pem'\nssl_key_file = '" << tls << "/server.key'\n"
           << "logging_collector = on\nlog_destination = 'csvlog'\nlog_directory = 'log'\nlog_filename = 'pg-%Y%m%d%H%M%S.log'\n"
           << "log_statement = 'ddl'\nlog_connections = on\nlog_disconnections = on\nlog_rotation_size = '64kB'\n";
  settings.close();
  write_access(true);
  start();
  if (!running_) return false;
  for (const char* sql :
       {"CREATE DATABASE sales", "CREATE ROLE exeunt LOGIN CREATEROLE PASSWORD 'own'", "CREATE ROLE exeunt_control LOGIN PASSWORD 'ctl'",
        "GRANT pg_read_all_stats, pg_signal_backend, pg_monitor TO exeunt",
        "GRANT EXECUTE ON FUNCTION pg_read_binary_file(text,bigint,bigint) TO exeunt", "GRANT CREATE ON SCHEMA public TO PUBLIC"}) {
    if (!admin_.ask(sql).empty()) return false;
  }
  Client sales = log_in("postgres", "root", "sales");
  sales.ask("GRANT CREATE ON SCHEMA public TO PUBLIC");
  write_secret("own.secret", "own");
  return true;
}

Server::~Server() {
  admin_ = {};
  stop();
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

void Server::write_access(bool gate_open) {
  const std::string path = (folder_ / "server/data/pg_hba.conf").string();
  std::string text = gate_open ? "hostssl exeunt_login_gate all 127.0.0.1/32 trust\n" : "";
  text += "hostssl exeunt_login_gate all all reject\nhostssl all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
  // For the relay of the conformance suite, which ends TLS itself.
  text += gate_open ? "hostnossl exeunt_login_gate all 127.0.0.1/32 trust\n" : "";
  text += "hostnossl exeunt_login_gate all all reject\nhostnossl all all 127.0.0.1/32 scram-sha-256\n";
  std::ofstream(path, std::ios::trunc) << text;
}

void Server::set_gate(bool open) {
  write_access(open);
  admin_.ask("SELECT pg_reload_conf()");
  // The postmaster reloads before it takes the next connection once the signal has arrived; a listing tells.
  for (int look = 0; look < 200; ++look) {
    Client fresh = log_in("postgres", "root");
    if (fresh.ask("SELECT count(*) FROM pg_hba_file_rules WHERE database = '{exeunt_login_gate}' AND auth_method = 'trust'") ==
            (open ? "2" : "0") &&
        (log_in("exeunt_control", "", "exeunt_login_gate").refusal().find("pg_hba") == std::string::npos) == open) {
      return;
    }
  }
}

void Server::write_secret(const std::string& file, const std::string& value) const { testing::write_file(folder_ / file, value, 0600); }

std::string Server::log_text() const {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_ / "server/data/log")) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string text;
  for (const fs::path& path : files) {
    std::ifstream in(path);
    text.append(std::istreambuf_iterator<char>(in), {});
  }
  return text;
}

void Server::wait_for_log(const std::string& text, const std::string& and_also) {
  for (int look = 0; look < 500; ++look) {
    const std::string log = log_text();
    for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) {
      const std::size_t begin = log.rfind("\n20", at);
      const std::size_t end = log.find("\n20", at);
      const std::size_t from = begin == std::string::npos ? 0 : begin;
      if (and_also.empty() || log.substr(from, end - from).find(and_also) != std::string::npos) return;
    }
    admin_.ask("SELECT pg_sleep(0.02)");
  }
  std::printf("the log never said: %s\n", text.c_str());
}

void Server::rotate_log() {
  const std::string before = admin_.ask("SELECT pg_current_logfile('csvlog')");
  // File names have seconds in them: the next one is another file then.
  admin_.ask("SELECT pg_sleep(1.1)");
  admin_.ask("SELECT pg_rotate_logfile()");
  for (int look = 0; look < 500 && admin_.ask("SELECT pg_current_logfile('csvlog')") == before; ++look) admin_.ask("SELECT pg_sleep(0.02)");
}

void Server::start() {
  const std::string data = (folder_ / "server/data").string();
  running_ = run(as_server({k_bin + "pg_ctl", "-D", data, "-w", "-s", "-l", (folder_ / "server/start.log").string(), "start"}));
  if (running_) admin_ = log_in("postgres", "root");
  running_ = running_ && admin_.open();
}

void Server::stop() {
  if (!running_) return;
  run(as_server({k_bin + "pg_ctl", "-D", (folder_ / "server/data").string(), "-w", "-s", "-m", "fast", "stop"}));
  running_ = false;
}

Client Server::log_in(const std::string& role, const std::string& password, const std::string& database) {
  const std::string port = std::to_string(port_);
  const std::string ca = (folder_ / "tls/ca.pem").string();
  const char* keys[] = {"host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "application_name", nullptr};
  const char* values[] = {"localhost",   port.c_str(), role.c_str(), password.c_str(), database.c_str(),
                          "verify-full", ca.c_str(),   "someone",    nullptr};
  Client client(PQconnectdbParams(keys, values, 0));
  PQsetNoticeReceiver(client.connection_.get(), [](void*, const PGresult*) {}, nullptr);
  if (client.open()) {
    static_cast<void>(client.endpoint());
  } else {
    client.refusal_ = PQerrorMessage(client.connection_.get());
  }
  return client;
}

std::string Server::make_role(const std::string& stem, const std::string& options) {
  std::string name = stem + "_" + std::to_string(++made_);
  char* quoted = PQescapeIdentifier(admin_.connection_.get(), name.data(), name.size());
  admin_.ask("CREATE ROLE " + std::string(quoted) + " LOGIN PASSWORD 'pw' " + options);
  PQfreemem(quoted);
  return name;
}

std::string Server::oid_of(const std::string& role) {
  char* quoted = PQescapeLiteral(admin_.connection_.get(), role.data(), role.size());
  std::string oid = admin_.ask("SELECT oid FROM pg_roles WHERE rolname = " + std::string(quoted));
  PQfreemem(quoted);
  return oid;
}

connect::SystemConfig Server::config(const testing::Changes& changes) const {
  connect::SystemConfig config;
  config.id = model::SystemId("warehouse");
  config.kind = "postgresql";
  config.where = "exeunt.yaml:1";
  config.values = {{"host", "localhost"},
                   {"port", std::to_string(port_)},
                   {"ca_file", (folder_ / "tls/ca.pem").string()},
                   {"role", "exeunt"},
                   {"credential", "file:" + (folder_ / "own.secret").string()},
                   {"maintenance_database", "postgres"},
                   {"login_gate_database", "exeunt_login_gate"},
                   {"control_role", "exeunt_control"},
                   {"ddl_log", "csvlog"}};
  return testing::changed(std::move(config), changes);
}

std::unique_ptr<connect::Connector> Server::connector(const testing::Changes& changes) {
  return testing::made_or_said(connect::make_postgresql(config(changes), clock_, random_));
}

model::Node account(const std::string& oid, const std::string& name) {
  model::Node node;
  node.key = {model::SystemId("warehouse"), model::NodeKind::account, oid};
  node.label = name;
  if (!name.empty()) node.facts["role"] = name;
  return node;
}

Seen look(connect::Connector& connector, const std::vector<std::string>& oids, const std::vector<model::Node>& secrets) {
  std::vector<model::Node> accounts;
  for (const std::string& oid : oids) accounts.push_back(account(oid));
  return testing::look_at(connector, std::move(accounts), secrets);
}

base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& target,
                                        std::vector<model::Node> covered, const base::Secret* secret) {
  return testing::act_with(connector, action, target, std::move(covered), secret);
}

connect::ProbeResult gate(connect::Connector& connector, const std::string& oid, const std::string& name) {
  connect::ProbeRequest request;
  request.target = account(oid, name);
  request.means = model::ProbeMeans::gate;
  return testing::or_unknown(connector.probe(request));
}

}  // namespace exeunt::test
