#include "redis/server.hpp"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/file.hpp"
#include "base/process.hpp"
#include "connect/registry.hpp"
#include "testing/loopback.hpp"

namespace exeunt::test {

namespace {

namespace fs = std::filesystem;
using testing::free_port;
const char* const k_program = "/usr/bin/redis-server";
const char* const k_rights =
    "resetkeys resetchannels -@all +acl|list +acl|users +acl|getuser +acl|setuser +acl|deluser +acl|dryrun +acl|save +client|list "
    "+client|kill +client|id +info +config|rewrite +multi +exec";

std::string users() { return std::string("user default off\nuser admin on >root ~* &* +@all\nuser exeunt on >own ") + k_rights + "\n"; }

std::string as_text(const redisReply* reply) {
  switch (reply->type) {
    case REDIS_REPLY_ERROR: return "!" + std::string(reply->str, reply->len);
    case REDIS_REPLY_INTEGER: return std::to_string(reply->integer);
    case REDIS_REPLY_NIL: return {};
    case REDIS_REPLY_ARRAY: {
      std::string out;
      for (std::size_t i = 0; i < reply->elements; ++i) out += (out.empty() ? "" : ", ") + as_text(reply->element[i]);
      return "[" + out + "]";
    }
    default: return {reply->str, reply->len};
  }
}

std::string taken(redisContext* context, void* answer) {
  if (answer == nullptr) return "!lost";
  static_cast<void>(context);
  auto* reply = static_cast<redisReply*>(answer);
  std::string text = as_text(reply);
  freeReplyObject(reply);
  return text;
}

}  // namespace

void Client::Free::operator()(redisContext* context) const { redisFree(context); }

std::string Client::ask(const std::vector<std::string>& words) {
  if (!context_ || context_->err != 0) return "!lost";
  const timeval limit{5, 0};
  redisSetTimeout(context_.get(), limit);
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) texts.push_back(word.data()), sizes.push_back(word.size());
  return taken(context_.get(), redisCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data()));
}

void Client::send(const std::vector<std::string>& words) {
  if (!context_ || context_->err != 0) return;
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& word : words) texts.push_back(word.data()), sizes.push_back(word.size());
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data());
  int done = 0;
  while (done == 0 && redisBufferWrite(context_.get(), &done) == REDIS_OK) {}
}

std::string Client::answer(int timeout_ms) {
  if (!context_) return "!lost";
  if (context_->err == REDIS_ERR_EOF) return "!lost";
  void* found = nullptr;
  const timeval limit{timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  redisSetTimeout(context_.get(), limit);
  if (redisGetReply(context_.get(), &found) == REDIS_OK) return taken(context_.get(), found);
  if (context_->err == REDIS_ERR_EOF || errno == ECONNRESET || errno == EPIPE) {
    context_->err = REDIS_ERR_EOF;
    return "!lost";
  }
  context_->err = 0;  // a time limit is no error of the connection here
  return "!silent";
}

std::string Client::endpoint() const {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(context_->fd, reinterpret_cast<sockaddr*>(&address), &length);
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return std::string(text) + ":" + std::to_string(ntohs(address.sin_port));
}

Server* Server::get() {
  static std::unique_ptr<Server> server;
  static bool tried = false;
  if (!tried) {
    tried = true;
    server = make({});
  }
  return server.get();
}

std::unique_ptr<Server> Server::make(const ServerOptions& options) {
  std::unique_ptr<Server> fresh(new Server(options));
  if (fs::exists(k_program) && fresh->create()) return fresh;
  std::printf("SKIPPED: Redis: the server of package redis-server is not installed or did not start\n");
  return nullptr;
}

bool Server::create() {
  std::string pattern = "/tmp/exeunt-redis-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return false;
  folder_ = pattern;
  port_ = free_port();
  if (options_.tls) {
    tls_port_ = free_port();
    const std::string at = folder_.string();
    for (const char* name : {"ca", "other"}) {
      const auto made = base::run_process(
          {"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", std::string("/CN=") + name,
           "-addext", "subjectAltName=DNS:" + options_.tls_name, "-keyout", at + "/" + name + ".key", "-out", at + "/" + name + ".pem"},
          {}, {.timeout = base::Duration(60'000)});
      if (!made || made->exit_code != 0) return false;
    }
  }
  testing::write_file(folder_ / "own.secret", "own", 0600);
  if (options_.acl_file) testing::write_file(folder_ / "users.acl", users());
  std::string settings = "port " + std::to_string(port_) + "\nbind 127.0.0.1\nsave \"\"\nappendonly no\ndir " + folder_.string() + "\n";
  if (options_.acl_file) settings += "aclfile " + (folder_ / "users.acl").string() + "\n";
  if (options_.tls) {
    settings += "tls-port " + std::to_string(tls_port_) + "\ntls-cert-file " + (folder_ / "ca.pem").string() + "\ntls-key-file " +
                (folder_ / "ca.key").string() + "\ntls-ca-cert-file " + (folder_ / "ca.pem").string() + "\ntls-auth-clients no\n";
  }
  if (!options_.acl_file) settings += users();
  testing::write_file(folder_ / "redis.conf", settings);
  start();
  return admin_.open();
}

Server::~Server() {
  admin_ = {};
  stop();
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

void Server::start() {
  const std::string settings = (folder_ / "redis.conf").string();
  const std::string log = (folder_ / "redis.log").string();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::execl(k_program, k_program, settings.c_str(), "--logfile", log.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  for (int look = 0; look < 200; ++look) {
    admin_ = log_in("admin", "root");
    if (admin_.ask({"PING"}) == "PONG") return;
    ::usleep(20'000);
  }
}

void Server::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Client Server::connect() const { return Client(redisConnect("127.0.0.1", port_)); }

Client Server::log_in(const std::string& user, const std::string& password) const {
  Client client = connect();
  client.ask({"AUTH", user, password});
  return client;
}

bool Server::lets_in(const std::string& user, const std::string& password) const { return connect().ask({"AUTH", user, password}) == "OK"; }

std::string Server::make_user(const std::string& stem, const std::vector<std::string>& rules) {
  std::string name = stem + "_" + std::to_string(++made_);
  std::vector<std::string> words = {"ACL", "SETUSER", name, "reset", "on", ">pw"};
  const std::vector<std::string> usual = {"~*", "&*", "+@all", "-@admin", "-@dangerous"};
  words.insert(words.end(), rules.empty() ? usual.begin() : rules.begin(), rules.empty() ? usual.end() : rules.end());
  const std::string said = admin_.ask(words);
  if (said != "OK") std::printf("%s: %s\n", name.c_str(), said.c_str());
  return name;
}

void Server::write_secret(const std::string& file, const std::string& value) const { testing::write_file(folder_ / file, value, 0600); }

std::string Server::saved_text() const { return base::read_file(folder_ / (options_.acl_file ? "users.acl" : "redis.conf")).value_or(""); }
void Server::write_saved(const std::string& text) const {
  testing::write_file(folder_ / (options_.acl_file ? "users.acl" : "redis.conf"), text);
}

connect::SystemConfig Server::config(const testing::Changes& changes) const {
  connect::SystemConfig config;
  config.id = model::SystemId("cache");
  config.kind = "redis";
  config.where = "exeunt.yaml:1";
  config.values = {{"host", options_.tls ? "localhost" : "127.0.0.1"},
                   {"port", std::to_string(options_.tls ? tls_port_ : port_)},
                   {"user", "exeunt"},
                   {"credential", "file:" + (folder_ / "own.secret").string()},
                   {"persist", options_.acl_file ? "acl_file" : "config_rewrite"},
                   {"persisted_file", (folder_ / (options_.acl_file ? "users.acl" : "redis.conf")).string()}};
  if (options_.tls) config.values["ca_file"] = (folder_ / "ca.pem").string();
  return testing::changed(std::move(config), changes);
}

std::unique_ptr<connect::Connector> Server::connector(const testing::Changes& changes) {
  return testing::made_or_said(connect::make_redis(config(changes), clock_, random_));
}

model::Node node(model::NodeKind kind, const std::string& name) {
  model::Node node;
  node.key = {model::SystemId("cache"), kind, name};
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
