#include "kerberos/server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "base/process.hpp"
#include "connect/registry.hpp"

namespace exeunt::test {

namespace fs = std::filesystem;
using connect::Fault;

namespace {

bool write_all(int descriptor, const std::string& bytes) {
  return ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool read_exactly(int descriptor, int stop, char* data, std::size_t size) {
  while (size > 0) {
    pollfd watched[2] = {{descriptor, POLLIN, 0}, {stop, POLLIN, 0}};
    ::poll(watched, 2, -1);
    if (watched[1].revents != 0) return false;
    const ssize_t got = ::read(descriptor, data, size);
    if (got <= 0) return false;
    data += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  if (bytes.size() >= at + 4) std::memcpy(&number, bytes.data() + at, 4);
  return ntohl(number);
}

/// One fragment with its mark.
std::string fragment(int descriptor, int stop) {
  std::string mark(4, '\0');
  if (!read_exactly(descriptor, stop, mark.data(), 4)) return {};
  std::string body(number_at(mark, 0) & 0x7fffffffU, '\0');
  if (!read_exactly(descriptor, stop, body.data(), body.size())) return {};
  return mark + body;
}

// Of the kadm5 protocol: delete 2, modify 3, chrand 7 and 20, set_string 24. The mark of the fragment, then xid, type, RPC version, program, version, procedure.
bool is_change(const std::string& record) {
  const std::uint32_t procedure = number_at(record, 24);
  return number_at(record, 8) == 0 && (procedure == 2 || procedure == 3 || procedure == 7 || procedure == 20 || procedure == 24);
}
bool is_last_change(const std::string& record) { return number_at(record, 24) == 2 || number_at(record, 24) == 3; }

}  // namespace

Relay::Relay(int server_port, std::function<int()> idle)
    : server_port_(server_port), idle_(std::move(idle)), door_([this](int client, int stop) { serve(client, stop); }) {}

void Relay::serve(int client, int stop) {
  if (fault_ == Fault::down) return;
  const int server = testing::connect_to(fault_ == Fault::silent_no_op ? idle_() : server_port_);
  if (server < 0) return;
  for (bool going = true; going;) {
    pollfd watched[3] = {{client, POLLIN, 0}, {server, POLLIN, 0}, {stop, POLLIN, 0}};
    ::poll(watched, 3, -1);
    if (watched[2].revents != 0) break;
    if (watched[0].revents != 0) {
      const std::string request = fragment(client, stop);
      going = !request.empty();
      if (!going || silent_) continue;
      const bool change = is_change(request);
      if (change && fault_ == Fault::answer_lost_before) break;
      going = write_all(server, request);
      if (change && is_last_change(request) && fault_ == Fault::answer_lost_after) {
        static_cast<void>(fragment(server, stop));
        break;
      }
    } else if (watched[1].revents != 0) {
      const std::string answer = fragment(server, stop);
      going = !answer.empty() && write_all(client, answer);
    }
  }
  ::close(server);
}

Server* Server::get() {
  static std::unique_ptr<Server> server;
  static bool tried = false;
  if (!tried) {
    tried = true;
    std::unique_ptr<Server> fresh(new Server());
    if (fs::exists("/usr/sbin/krb5kdc") && fs::exists("/usr/sbin/kadmind") && fs::exists("/usr/bin/kvno") && fresh->create()) {
      server = std::move(fresh);
    } else {
      std::printf("SKIPPED: Kerberos: krb5-kdc, krb5-admin-server, krb5-user are not installed or the realm did not start\n");
    }
  }
  return server.get();
}

std::string Server::run(std::vector<std::string> argv, const std::string& input, int& exit_code, const std::string& cache) const {
  const std::string at = folder_.string();
  std::vector<std::string> full = {"/usr/bin/env", "KRB5_CONFIG=" + at + "/krb5.conf", "KRB5_KDC_PROFILE=" + at + "/kdc.conf",
                                   "KRB5CCNAME=FILE:" + at + "/" + (cache.empty() ? "cc" : cache)};
  full.insert(full.end(), argv.begin(), argv.end());
  const auto output = base::run_process(full, input, {});
  exit_code = output ? output->exit_code : -1;
  return output ? output->out + output->error : output.error().text();
}

int Server::launch(const std::vector<std::string>& argv, const fs::path& profile) const {
  const int pid = ::fork();
  if (pid != 0) return pid;
  const std::string at = folder_.string();
  ::setenv("KRB5_CONFIG", (at + "/krb5.conf").c_str(), 1);
  ::setenv("KRB5_KDC_PROFILE", profile.c_str(), 1);
  const int log = ::open((at + "/out.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, 1);
  ::dup2(log, 2);
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(127);
}

bool Server::create() {
  std::string pattern = "/tmp/exeunt-kerberos-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return false;
  folder_ = pattern;
  kdc_port_ = testing::free_port();
  kadmin_port_ = testing::free_port();
  const std::string at = folder_.string(), kdc = "127.0.0.1:" + std::to_string(kdc_port_);
  testing::write_file(folder_ / "krb5.conf", "[libdefaults]\n default_realm = " + k_realm +
                                                 "\n dns_lookup_kdc = false\n dns_lookup_realm = false\n rdns = false\n"
                                                 " dns_canonicalize_hostname = false\n[realms]\n " +
                                                 k_realm + " = {\n  kdc = " + kdc + "\n }\n");
  testing::write_file(folder_ / "kdc.conf", server_settings(folder_, kdc_port_, kadmin_port_));
  testing::write_file(folder_ / "kadm5.acl", "exeunt/admin@" + k_realm + " ilmcd\nweak/admin@" + k_realm + " i\n");
  int code = 0;
  const std::string made = run({"/usr/sbin/kdb5_util", "create", "-s", "-r", k_realm, "-P", "master"}, "", code);
  if (code != 0) return std::printf("%s\n", made.c_str()), false;
  for (const char* query : {"addprinc -randkey exeunt/admin", "addprinc -randkey weak/admin", "addprinc -randkey control",
                            "addprinc -randkey svc/a", "addprinc -randkey svc/b", "addpol -maxfailure 2 lockout"}) {
    static_cast<void>(admin(query));
  }
  static_cast<void>(admin("ktadd -k " + at + "/own.keytab exeunt/admin"));
  static_cast<void>(admin("ktadd -k " + at + "/weak.keytab weak/admin"));
  start_kdc();
  kadmind_ = launch({"/usr/sbin/kadmind", "-nofork", "-r", k_realm}, folder_ / "kdc.conf");
  relay_ = std::make_unique<Relay>(kadmin_port_, [this] { return idle_kadmind(); });
  return wait_for(kadmin_port_);
}

std::string Server::server_settings(const fs::path& folder, int kdc_port, int kadmin_port) const {
  const std::string at = folder.string(), kdc = "127.0.0.1:" + std::to_string(kdc_port);
  return "[kdcdefaults]\n kdc_listen = " + kdc + "\n kdc_tcp_listen = " + kdc + "\n[realms]\n " + k_realm +
         " = {\n  database_name = " + at + "/principal\n  key_stash_file = " + folder_.string() +
         "/stash\n  acl_file = " + folder_.string() + "/kadm5.acl\n  kadmind_listen = 127.0.0.1:" + std::to_string(kadmin_port) +
         "\n  kpasswd_listen = 127.0.0.1:" + std::to_string(testing::free_port()) +
         "\n  max_life = 12h\n  max_renewable_life = 1d\n  default_principal_flags = +preauth\n }\n[logging]\n kdc = FILE:" + at +
         "/kdc.log\n admin_server = FILE:" + at + "/kadmind.log\n";
}

int Server::idle_kadmind() {
  // It opens the database at each request, so a copy laid over the old one is what it answers from.
  fs::create_directory(folder_ / "idle");
  for (const char* file : {"principal", "principal.kadm5", "principal.kadm5.lock", "principal.ok"}) {
    fs::copy_file(folder_ / file, folder_ / "idle" / file, fs::copy_options::overwrite_existing);
  }
  if (idle_ < 0) {
    idle_port_ = testing::free_port();
    testing::write_file(folder_ / "idle.conf", server_settings(folder_ / "idle", kdc_port_, idle_port_));
    idle_ = launch({"/usr/sbin/kadmind", "-nofork", "-r", k_realm}, folder_ / "idle.conf");
    static_cast<void>(wait_for(idle_port_));
  }
  return idle_port_;
}

bool Server::wait_for(int port) const {
  for (int look = 0; look < 400; ++look) {
    const int socket = testing::connect_to(port);
    if (socket >= 0) return ::close(socket), true;
    ::usleep(50'000);
  }
  return false;
}

void Server::start_kdc() {
  kdc_ = launch({"/usr/sbin/krb5kdc", "-n", "-r", k_realm}, folder_ / "kdc.conf");
  static_cast<void>(wait_for(kdc_port_));
}

void Server::stop_kdc() {
  if (kdc_ <= 0) return;
  ::kill(kdc_, SIGTERM);
  ::waitpid(kdc_, nullptr, 0);
  kdc_ = -1;
}

Server::~Server() {
  stop_kdc();
  for (const int server : {kadmind_, idle_}) {
    if (server <= 0) continue;
    ::kill(server, SIGTERM);
    ::waitpid(server, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

std::string Server::admin(const std::string& query) const {
  int code = 0;
  return run({"/usr/sbin/kadmin.local", "-r", k_realm, "-q", query}, "", code);
}

std::string Server::make_person(const std::string& stem, const std::string& options) {
  std::string name = stem + "-" + std::to_string(++made_);
  static_cast<void>(admin("addprinc -pw pw " + options + " " + name));
  return name;
}

std::string Server::row(const std::string& name, const std::string& field) const {
  const std::string all = admin("getprinc " + name);
  const auto at = all.find("\n" + field + ":");
  if (at == std::string::npos) return "none";
  const auto begin = at + field.size() + 2;
  return all.substr(begin, all.find('\n', begin) - begin);
}

bool Server::lets_in(const std::string& name, const std::string& password, const std::string& cache, const std::string& options) const {
  int code = 0;
  std::vector<std::string> argv = {"/usr/bin/kinit"};
  for (std::size_t at = 0; at < options.size();) {
    const auto end = std::min(options.find(' ', at), options.size());
    argv.push_back(options.substr(at, end - at));
    at = end + 1;
  }
  argv.push_back(name);
  static_cast<void>(run(argv, password + "\n", code, cache));
  return code == 0;
}

bool Server::gets_ticket(const std::string& cache, const std::string& service) const {
  int code = 0;
  static_cast<void>(run({"/usr/bin/kvno", service}, "", code, cache));
  return code == 0;
}

bool Server::renews(const std::string& cache) const {
  int code = 0;
  static_cast<void>(run({"/usr/bin/kinit", "-R"}, "", code, cache));
  return code == 0;
}

connect::SystemConfig Server::config(const testing::Changes& changes) const {
  connect::SystemConfig config;
  config.id = model::SystemId("realm");
  config.kind = "kerberos";
  config.where = "exeunt.yaml:1";
  config.values = {{"realm", k_realm},
                   {"kdc_host", "127.0.0.1"},
                   {"kdc_port", std::to_string(kdc_port_)},
                   {"kadmin_port", std::to_string(relay_->port())},
                   {"principal", "exeunt/admin"},
                   {"keytab", (folder_ / "own.keytab").string()},
                   {"control_principal", "control"}};
  return testing::changed(std::move(config), changes);
}

std::unique_ptr<connect::Connector> Server::connector(const testing::Changes& changes, const base::Clock* clock) {
  return testing::made_or_said(connect::make_kerberos(config(changes), clock == nullptr ? clock_ : *clock, random_));
}

model::Node bare(const std::string& name) {
  model::Node node;
  node.key = {model::SystemId("realm"), model::NodeKind::account, name + "@" + k_realm};
  return node;
}

testing::Seen look(connect::Connector& connector, const std::string& name) { return testing::look_at(connector, {bare(name)}, {}); }

model::Node account(connect::Connector& connector, const std::string& name) {
  const testing::Seen seen = look(connector, name);
  const model::Node* found = seen.node(model::NodeKind::account, name + "@" + k_realm);
  return found == nullptr ? bare(name) : *found;
}

connect::ProbeResult gate(connect::Connector& connector, const model::Node& target) {
  connect::ProbeRequest request;
  request.target = target;
  request.means = model::ProbeMeans::gate;
  request.deadline = {base::Duration(5'000)};
  return testing::or_unknown(connector.probe(request));
}

}  // namespace exeunt::test
