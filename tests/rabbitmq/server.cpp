#include "rabbitmq/server.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "connect/registry.hpp"
#include "testing/loopback.hpp"

namespace exeunt::test {

namespace {

namespace fs = std::filesystem;
using testing::free_port;

/// Debian's wrapper in /usr/sbin changes to the account rabbitmq; the server itself runs as whoever starts it.
std::string program() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/rabbitmq/lib", ignored)) {
    const fs::path found = entry.path() / "sbin/rabbitmq-server";
    if (fs::exists(found)) return found.string();
  }
  return {};
}

int spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment, const std::string& log) {
  const int pid = ::fork();
  if (pid != 0) return pid;
  ::setsid();
  if (std::freopen(log.c_str(), "a", stdout) == nullptr || ::dup2(1, 2) < 0) ::_exit(126);
  std::vector<char*> arguments, variables;
  for (const std::string& word : argv) arguments.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& word : environment) variables.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  ::execve(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

}  // namespace

Server* Server::get() {
  static std::unique_ptr<Server> server;
  static bool tried = false;
  if (!tried) {
    tried = true;
    std::unique_ptr<Server> fresh(new Server);
    if (!program().empty() && fresh->create()) server = std::move(fresh);
  }
  if (!server) std::printf("SKIPPED: RabbitMQ: the server of package rabbitmq-server is not installed or did not start\n");
  return server.get();
}

bool Server::create() {
  std::string pattern = "/tmp/exeunt-rabbitmq-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return false;
  folder_ = pattern;
  amqp_port_ = free_port();
  management_port_ = free_port();
  distribution_port_ = free_port();
  epmd_port_ = free_port();
  for (const char* name : {"home", "data", "log"}) fs::create_directory(folder_ / name);
  testing::write_file(folder_ / "own.secret", "own", 0600);
  testing::write_file(folder_ / "enabled_plugins", "[rabbitmq_management,rabbitmq_federation].\n");
  const std::string distribution = std::to_string(distribution_port_);
  testing::write_file(folder_ / "rabbitmq.conf",
                      "listeners.tcp.1 = 127.0.0.1:" + std::to_string(amqp_port_) + "\nmanagement.tcp.ip = 127.0.0.1\n" +
                          "management.tcp.port = " + std::to_string(management_port_) +
                          "\ndefault_user = root\ndefault_pass = root\ncollect_statistics_interval = 500\n" +
                          "distribution.listener.interface = 127.0.0.1\ndistribution.listener.port_range.min = " + distribution +
                          "\ndistribution.listener.port_range.max = " + distribution + "\n");
  net::HttpSettings settings;
  settings.subject = "administrator";
  client_ = std::make_unique<net::HttpClient>(std::move(settings));
  const std::string address = "ERL_EPMD_ADDRESS=127.0.0.1";
  epmd_ = spawn({"/usr/bin/epmd", "-port", std::to_string(epmd_port_), "-address", "127.0.0.1"}, {address}, folder_ / "log/epmd");
  start();
  if (ask(net::Method::get, {"whoami"}) != 200) return false;
  set_password("exeunt", "own", "administrator");
  return true;
}

Server::~Server() {
  stop();
  if (epmd_ > 0) {
    ::kill(epmd_, SIGKILL);
    ::waitpid(epmd_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

void Server::start() {
  const std::string at = folder_.string();
  pid_ = spawn(
      {program()},
      {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + at + "/home",
       "RABBITMQ_NODENAME=exeunt" + std::to_string(amqp_port_) + "@localhost", "RABBITMQ_MNESIA_BASE=" + at + "/data",
       "RABBITMQ_LOG_BASE=" + at + "/log", "RABBITMQ_CONFIG_FILE=" + at + "/rabbitmq.conf",
       "RABBITMQ_ENABLED_PLUGINS_FILE=" + at + "/enabled_plugins", "RABBITMQ_CONF_ENV_FILE=/dev/null",
       "ERL_EPMD_PORT=" + std::to_string(epmd_port_), "ERL_EPMD_ADDRESS=127.0.0.1", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1 +sbwt none"},
      at + "/log/start");
  for (int look = 0; look < 600; ++look) {
    if (ask(net::Method::get, {"whoami"}) == 200) return;
    ::usleep(200'000);
  }
}

void Server::stop() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGTERM);  // its own session: the shell that started it and the virtual machine
  ::waitpid(pid_, nullptr, 0);
  while (::kill(-pid_, 0) == 0) ::usleep(50'000);
  pid_ = -1;
}

int Server::ask(net::Method method, const std::vector<std::string>& segments, const std::string& body, std::string* answer) {
  net::HttpRequest request;
  request.method = method;
  request.url = net::Url::parse("http://127.0.0.1:" + std::to_string(management_port_)).value().path("api");
  for (const std::string& segment : segments) request.url = request.url.segment(segment);
  request.authorization = net::basic("root", base::Secret("root"));
  request.content_type = "application/json";
  if (!body.empty()) request.body = base::Secret(std::string(body));
  const auto got = client_->send(request);
  if (got && answer != nullptr) *answer = got->body;
  return got ? got->status : 0;
}

bool Server::takes(const std::string& user, const std::string& password) {
  net::HttpRequest request;
  request.url = net::Url::parse("http://127.0.0.1:" + std::to_string(management_port_)).value().path("api").path("whoami");
  request.authorization = net::basic(user, base::Secret(std::string(password)));
  const auto got = client_->send(request);
  return got && (got->status == 200 || got->body.find("Not management user") != std::string::npos);
}

void Server::set_password(const std::string& user, const std::string& password, const std::string& tags) {
  const base::JsonObject body{{"password", password}, {"tags", tags}};
  ask(net::Method::put, {"users", user}, base::canonical_json(base::Json(body)));
}

std::string Server::make_user(const std::string& stem, const std::string& tags) {
  std::string name = stem + "_" + std::to_string(++made_);
  set_password(name, "pw", tags);
  ask(net::Method::put, {"permissions", "/", name}, R"({"configure":".*","write":".*","read":".*"})");
  return name;
}

void Server::wait_for_statistics(const std::string& user, std::size_t connections) {
  for (int look = 0; look < 300; ++look) {
    std::string body;
    ask(net::Method::get, {"connections"}, "", &body);
    std::size_t known = 0;
    const std::string wanted = "\"user\":\"" + user + "\"";
    for (std::size_t at = body.find(wanted); at != std::string::npos; at = body.find(wanted, at + 1)) ++known;
    if (known == connections) return;
    ::usleep(50'000);
  }
}

void Server::write_secret(const std::string& file, const std::string& value) const { testing::write_file(folder_ / file, value, 0600); }

connect::SystemConfig Server::config(const testing::Changes& changes) const {
  connect::SystemConfig config;
  config.id = model::SystemId("broker");
  config.kind = "rabbitmq";
  config.where = "exeunt.yaml:1";
  config.values = {{"url", "http://127.0.0.1:" + std::to_string(management_port_)},
                   {"user", "exeunt"},
                   {"credential", "file:" + (folder_ / "own.secret").string()}};
  return testing::changed(std::move(config), changes);
}

std::unique_ptr<connect::Connector> Server::connector(const testing::Changes& changes) {
  return testing::made_or_said(connect::make_rabbitmq(config(changes), clock_, random_));
}

model::Node node(model::NodeKind kind, const std::string& name) {
  model::Node node;
  node.key = {model::SystemId("broker"), kind, name};
  node.label = name;
  if (kind == model::NodeKind::secret) node.facts["account"] = name;
  return node;
}

Seen look(connect::Connector& connector, const std::vector<std::string>& names, const std::vector<model::Node>& secrets) {
  std::vector<model::Node> accounts;
  for (const std::string& name : names) accounts.push_back(account(name));
  return testing::look_at(connector, std::move(accounts), secrets);
}

}  // namespace exeunt::test
