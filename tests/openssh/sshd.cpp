#include "openssh/sshd.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/file.hpp"
#include "base/process.hpp"
#include "connect/registry.hpp"
#include "testing/loopback.hpp"

namespace exeunt::test {
namespace {

constexpr const char* k_wrapper = "/usr/lib/x86_64-linux-gnu/libnss_wrapper.so";
/// sshd that writes to a file puts no time to it, as syslog would: the pipe does, and ends with the last process of sshd's that holds it.
constexpr const char* k_sshd_with_times = R"sh(exec /usr/sbin/sshd -D -e -f "$1" 2> >(export TZ=UTC0
while IFS= read -r line; do now=$EPOCHREALTIME; printf '%(%FT%T)T.%sZ %s\n' "${now%.*}" "${now#*.}" "$line"; done >> "$2"))sh";
const std::vector<std::string> k_people{"alice", "bob", "deploy", "exeunt-control", "o%b $x+(y)"};

bool answers(int port) {
  const int descriptor = testing::connect_to(port);
  ::close(descriptor);
  return descriptor >= 0;
}

pid_t spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment, const std::string& output) {
  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  for (const auto& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
  variables.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = -1;
  const int failed = posix_spawn(&pid, argv.front().c_str(), &actions, &attributes, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return failed == 0 ? pid : -1;
}

void write(const std::filesystem::path& path, const std::string& content, unsigned mode, unsigned owner = 0) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  ::chmod(path.c_str(), mode);
  REQUIRE(::chown(path.c_str(), owner, owner) == 0);
}

std::string first_words(const std::string& text, int count) {
  std::istringstream in(text);
  std::string out;
  for (std::string word; count-- > 0 && in >> word;) out += (out.empty() ? "" : " ") + word;
  return out;
}

}  // namespace

bool soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 500; ++i) {
    if (holds()) return true;
    ::poll(nullptr, 0, 20);
  }
  return false;
}

Client::~Client() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Client::running() {
  if (pid_ <= 0) return false;
  if (::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

bool Client::ended_by_itself() {
  return soon([&] { return !running(); });
}

std::unique_ptr<Sshd> Sshd::start(const std::string& more_configuration) {
  if (::geteuid() != 0 || ::access(k_wrapper, R_OK) != 0 || ::access("/usr/sbin/sshd", X_OK) != 0) {
    std::printf("SKIPPED: the OpenSSH tests need root, openssh-server and libnss-wrapper\n");
    return nullptr;
  }
  std::unique_ptr<Sshd> server(new Sshd);
  REQUIRE(server->create(more_configuration));
  return server;
}

std::unique_ptr<Sshd> Sshd::start_with_own_etc() {
  const auto allowed = base::run_process({"unshare", "-m", "/bin/true"});
  if (::geteuid() != 0 || !allowed || allowed->exit_code != 0 || ::access("/usr/sbin/usermod", X_OK) != 0) {
    std::printf("SKIPPED: a test with an /etc of its own needs root, mount namespaces and usermod\n");
    return nullptr;
  }
  std::unique_ptr<Sshd> server(new Sshd);
  server->own_etc_ = true;
  REQUIRE(server->create(""));
  return server;
}

bool Sshd::make_own_etc() const {
  const auto etc = folder_ / "etc";
  std::filesystem::create_directory(etc);
  auto passwd = base::read_file(folder_ / "nss_passwd").value_or("");
  std::string shadow = "root:*:19000:0:99999:7:::\n";
  for (const auto& login : k_people) shadow += login + ":" + (login == "alice" ? "$6$x$y" : "*") + ":19000:0:99999:7:::\n";
  write(etc / "passwd", passwd, 0644);
  write(etc / "shadow", shadow, 0600);
  write(etc / "group", base::read_file(folder_ / "nss_group").value_or("") + "root:x:0:\n", 0644);
  write(etc / "nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n", 0644);
  write(etc / "login.defs", "UID_MIN 1000\nUID_MAX 4000000\n", 0644);
  std::error_code error;
  std::filesystem::copy_file("/etc/ld.so.cache", etc / "ld.so.cache", error);
  return std::filesystem::exists(etc / "shadow");
}

bool Sshd::create(const std::string& more_configuration) {
  static int started = 0;
  char pattern[] = "/tmp/exeunt-sshd.XXXXXX";
  if (::mkdtemp(pattern) == nullptr) return false;
  folder_ = pattern;
  ::chmod(pattern, 0755);
  first_uid_ = 70'000 + static_cast<unsigned>(::getpid() % 4000) * 40 + static_cast<unsigned>(started++ % 8) * 5;
  std::filesystem::create_directories("/run/sshd");
  for (const auto* name : {"homes", "keys", "issued", "client"}) std::filesystem::create_directory(folder_ / name);
  write_accounts();
  make_key("host");
  make_key("ca");
  run({"ssh-keygen", "-q", "-k", "-f", krl().string()});
  ::chmod(krl().c_str(), 0644);
  write_keys("root", "from=\"127.0.0.1\" " + public_of(make_key("engine")) + " exeunt\n");
  const auto control = make_key("control");
  write_keys("exeunt-control", public_of(control) + " control\n");
  certify(control, "exeunt-control", "exeunt-control", 1);
  port_ = testing::free_port();
  const auto text = fmt::format(
      "Port {0}\nListenAddress 127.0.0.1\nHostKey {1}/keys/host\nPidFile none\nAuthorizedKeysFile {1}/homes/%u/.ssh/authorized_keys\n"
      "TrustedUserCAKeys {1}/keys/ca.pub\nRevokedKeys {1}/krl\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
      "KbdInteractiveAuthentication no\nUsePAM no\nUseDNS no\nStrictModes yes\nExposeAuthInfo {2}\nLogLevel VERBOSE\nMaxAuthTries 100\n"
      "MaxSessions 100\nMaxStartups 200\nPrintMotd no\nPrintLastLog no\n{3}",
      port_, folder_.string(), more_configuration.find("ExposeAuthInfo") == std::string::npos ? "yes" : "no", more_configuration);
  write(folder_ / "sshd_config", text, 0644);
  write(folder_ / "known_hosts", fmt::format("[127.0.0.1]:{} {}\n", port_, public_of(folder_ / "keys/host")), 0644);
  if (own_etc_ && !make_own_etc()) return false;
  listen_again();
  return answers(port_);
}

void Sshd::write_accounts() {
  std::string served = fmt::format("root:*:0:0::{}/homes/root:/bin/sh\n", folder_.string());
  std::filesystem::create_directories(folder_ / "homes/root/.ssh");
  for (std::size_t i = 0; i < k_people.size(); ++i) {
    const auto uid_number = first_uid_ + static_cast<unsigned>(i);
    const auto home = folder_ / "homes" / k_people[i];
    served += fmt::format("{}:*:{}:{}::{}:/bin/sh\n", k_people[i], uid_number, uid_number, home.string());
    std::filesystem::create_directories(home / ".ssh");
    for (const auto& path : {home, home / ".ssh"}) {
      REQUIRE(::chown(path.c_str(), uid_number, uid_number) == 0);
      ::chmod(path.c_str(), 0700);
    }
    ::chmod(home.c_str(), 0755);
  }
  write(folder_ / "passwd", served, 0644);
  std::string groups;
  for (std::size_t i = 0; i < k_people.size(); ++i) groups += fmt::format("{}:*:{}:\n", k_people[i], first_uid_ + i);
  std::istringstream system(base::read_file("/etc/passwd").value_or(""));
  for (std::string line; std::getline(system, line);) {
    if (!line.starts_with("root:")) served += line + "\n";
  }
  write(folder_ / "nss_passwd", served, 0644);
  write(folder_ / "nss_group", groups + base::read_file("/etc/group").value_or(""), 0644);
}

Sshd::~Sshd() {
  stop();
  // Own accounts' processes only: their uids are this object's.
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    struct stat status{};
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || ::stat(entry.path().c_str(), &status) != 0) continue;
    if (status.st_uid >= first_uid_ && status.st_uid < first_uid_ + k_people.size()) ::kill(static_cast<pid_t>(std::stol(name)), SIGKILL);
  }
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

void Sshd::stop() {
  if (listener_ <= 0) return;
  ::kill(listener_, SIGKILL);
  ::waitpid(listener_, nullptr, 0);
  listener_ = -1;
}

void Sshd::listen_again() {
  const std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  if (own_etc_) {
    const auto command =
        fmt::format("mount --bind {0}/etc /etc && exec /usr/sbin/sshd -D -f {0}/sshd_config -E {0}/sshd.log", folder_.string());
    listener_ = spawn({"/usr/bin/unshare", "-m", "/bin/sh", "-c", command}, {path}, (folder_ / "start.log").string());
  } else {
    listener_ = spawn({"/bin/bash", "-c", k_sshd_with_times, "sshd", (folder_ / "sshd_config").string(), (folder_ / "sshd.log").string()},
                      {path, std::string("LD_PRELOAD=") + k_wrapper, "NSS_WRAPPER_PASSWD=" + (folder_ / "nss_passwd").string(),
                       "NSS_WRAPPER_GROUP=" + (folder_ / "nss_group").string()},
                      (folder_ / "start.log").string());
  }
  REQUIRE(listener_ > 0);
  CHECK(soon([&] { return answers(port_); }));
}

std::string Sshd::uid(const std::string& login) const {
  if (login == "root") return "0";
  for (std::size_t i = 0; i < k_people.size(); ++i) {
    if (k_people[i] == login) return std::to_string(first_uid_ + i);
  }
  FAIL("no account ", login);
  return {};
}

std::filesystem::path Sshd::keys_of(const std::string& login) const { return folder_ / "homes" / login / ".ssh/authorized_keys"; }

void Sshd::write_keys(const std::string& login, const std::string& content) {
  write(keys_of(login), content, 0600, static_cast<unsigned>(std::stoul(uid(login))));
}

std::string Sshd::read_keys(const std::string& login) const { return base::read_file(keys_of(login)).value_or("?"); }

std::filesystem::path Sshd::make_key(const std::string& name, const std::string& type) {
  const auto path = folder_ / "keys" / name;
  run({"ssh-keygen", "-q", "-t", type, "-N", "", "-C", name, "-f", path.string()});
  return path;
}

std::string Sshd::public_of(const std::filesystem::path& key) const {
  return first_words(base::read_file(key.string() + ".pub").value_or(""), 2);
}

std::string Sshd::fingerprint_of(const std::filesystem::path& key) const {
  const auto told = base::run_process({"ssh-keygen", "-l", "-f", key.string() + ".pub"});
  REQUIRE(told);
  std::istringstream in(told->out);
  std::string bits, fingerprint;
  in >> bits >> fingerprint;
  return fingerprint;
}

std::filesystem::path Sshd::certify(const std::filesystem::path& key, const std::string& principals, const std::string& key_id,
                                    unsigned serial, bool in_ledger) {
  run({"ssh-keygen", "-q", "-s", (folder_ / "keys/ca").string(), "-I", key_id, "-n", principals, "-z", std::to_string(serial), "-V",
       "-5m:+1d", key.string() + ".pub"});
  const auto made = std::filesystem::path(key.string() + "-cert.pub");
  const auto kept = std::filesystem::path(fmt::format("{}.{}-cert.pub", key.string(), serial));
  std::filesystem::copy_file(made, kept, std::filesystem::copy_options::overwrite_existing);
  if (in_ledger)
    std::filesystem::copy_file(made, folder_ / "issued" / fmt::format("{}-{}-cert.pub", key.filename().string(), serial),
                               std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(made);  // ssh(1) would offer it by itself
  return kept;
}

std::vector<std::string> Sshd::client(const std::string& login, const std::filesystem::path& key,
                                      const std::vector<std::string>& options) const {
  std::vector<std::string> out{"/usr/bin/ssh",
                               "-F",
                               "/dev/null",
                               "-o",
                               "BatchMode=yes",
                               "-o",
                               "IdentitiesOnly=yes",
                               "-o",
                               "ConnectTimeout=10",
                               "-o",
                               "UserKnownHostsFile=" + (folder_ / "known_hosts").string(),
                               "-o",
                               "GlobalKnownHostsFile=/dev/null",
                               "-o",
                               "LogLevel=ERROR",
                               "-p",
                               std::to_string(port_),
                               "-i",
                               key.string(),
                               "-l",
                               login};
  out.insert(out.end(), options.begin(), options.end());
  out.emplace_back("127.0.0.1");
  return out;
}

bool Sshd::ssh(const std::string& login, const std::filesystem::path& key, const std::string& command, std::string* out,
               const std::vector<std::string>& options) {
  auto argv = client(login, key, options);
  argv.push_back(command);
  const auto ran = base::run_process(argv);
  if (!ran) return false;
  if (out != nullptr) *out = ran->out;
  return ran->exit_code == 0;
}

std::unique_ptr<Client> Sshd::hold(const std::string& login, const std::filesystem::path& key, std::string* endpoint,
                                   const std::vector<std::string>& options) {
  auto argv = client(login, key, options);
  const auto note = (folder_ / "client" / std::to_string(++held_)).string();
  argv.emplace_back("echo \"in $SSH_CONNECTION\"; exec sleep 600");
  auto out = std::make_unique<Client>(spawn(argv, {"PATH=/usr/bin:/bin", "HOME=/nonexistent"}, note));
  std::string told;
  const bool in = soon([&] {
    told = base::read_file(note).value_or("");
    return (told.starts_with("in ") && told.ends_with("\n")) || !out->running();
  });
  if (!in || !told.starts_with("in ")) return nullptr;
  std::istringstream words(told.substr(3));
  std::string address, number;
  words >> address >> number;
  if (endpoint != nullptr) *endpoint = address + ":" + number;
  return out;
}

connect::SystemConfig Sshd::config(const std::vector<std::pair<std::string, std::string>>& changes) const {
  connect::SystemConfig out;
  out.id = model::SystemId("bastion");
  out.kind = "openssh";
  out.where = "exeunt.yaml:1";
  const auto at = [&](const char* name) { return (folder_ / name).string(); };
  out.values = {{"host", "127.0.0.1"},
                {"port", std::to_string(port_)},
                {"known_hosts", at("known_hosts")},
                {"manage_as", "root"},
                {"key_file", at("keys/engine")},
                {"authorized_keys", at("homes/%u/.ssh/authorized_keys")},
                {"krl", at("krl")},
                {"ca_public_key", at("keys/ca.pub")},
                {"ca_ledger", at("issued")},
                {"passwd_file", at("passwd")},
                {"session_log", at("sshd.log")},
                {"control_account", "exeunt-control"},
                {"control_key", at("keys/control.pub")},
                {"control_certificate", at("keys/control.1-cert.pub")}};
  out.lists["shared_accounts"] = {"deploy"};
  for (const auto& [key, value] : changes) {
    if (value.empty())
      out.values.erase(key);
    else
      out.values[key] = value;
  }
  return out;
}

std::unique_ptr<connect::Connector> Sshd::connector(const std::vector<std::pair<std::string, std::string>>& changes) {
  auto made = connect::make_openssh(config(changes), clock_, random_);
  REQUIRE_MESSAGE(made, (made ? "" : made.error().text()));
  return std::move(*made);
}

model::Node Sshd::account(const std::string& login) const {
  model::Node node;
  node.key = {model::SystemId("bastion"), model::NodeKind::account, uid(login)};
  node.label = login;
  return node;
}

std::vector<std::string> Sshd::run(const std::vector<std::string>& argv) {
  const auto ran = base::run_process(argv);
  REQUIRE_MESSAGE(ran, argv.front());
  REQUIRE_MESSAGE(ran->exit_code == 0, argv.front() << ": " << ran->error);
  return {ran->out, ran->error};
}

const model::Node* find(const model::Inventory& inventory, model::NodeKind kind, const std::string& native_id) {
  for (const auto& node : inventory.nodes) {
    if (node.key.kind == kind && node.key.native_id == native_id) return &node;
  }
  return nullptr;
}

std::vector<model::Node> all(const model::Inventory& inventory, model::NodeKind kind) {
  std::vector<model::Node> out;
  for (const auto& node : inventory.nodes) {
    if (node.key.kind == kind) out.push_back(node);
  }
  return out;
}

const model::Listing* listing(const model::Inventory& inventory, model::NodeKind kind, const std::string& account) {
  for (const auto& entry : inventory.listings) {
    if (entry.kind == kind && entry.account == account) return &entry;
  }
  return nullptr;
}

model::Inventory look(connect::Connector& connector, const std::vector<model::Node>& accounts, const std::vector<model::NodeKey>& known) {
  connect::InventoryRequest request;
  request.accounts = accounts;
  request.known = known;
  auto found = connector.inventory(request);
  REQUIRE_MESSAGE(found, (found ? "" : found.error().text()));
  return std::move(*found);
}

base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& target,
                                        const std::vector<model::NodeKey>& known) {
  const auto listed = look(connector, {target}, known);
  const auto* spec = connector.catalogue().find(action);
  REQUIRE(spec != nullptr);
  connect::ApplyRequest request;
  request.action = action;
  request.target = target;
  for (const auto& node : listed.nodes) {
    if (std::find(spec->covers.begin(), spec->covers.end(), node.key.kind) != spec->covers.end()) request.covered.push_back(node);
  }
  return connector.apply(request);
}

model::ProbeAnswer probe(connect::Connector& connector, const model::Node& target) {
  connect::ProbeRequest request;
  request.target = target;
  request.means = model::ProbeMeans::own;
  const auto answer = connector.probe(request);
  REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().text()));
  INFO(answer->words);
  return answer->answer;
}

model::ProbeAnswer control(connect::Connector& connector, const model::Node& target) {
  connect::ProbeRequest request;
  request.target = target;
  request.means = model::ProbeMeans::own;
  request.moment = model::ProbeMoment::control;
  const auto answer = connector.probe_control(request);
  REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().text()));
  return answer->answer;
}

}  // namespace exeunt::test
