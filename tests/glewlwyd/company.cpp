#include "glewlwyd/company.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>

#include "base/random.hpp"
#include "connect/registry.hpp"

extern char** environ;

namespace exeunt::test {

using base::JsonObject;

namespace {

const base::SystemClock k_clock;
base::SystemRandom k_random;

const char* why_not() {
  if (::geteuid() != 0) return "needs root, for the servers' own uids";
  for (const char* program : {"/usr/bin/glewlwyd", "/usr/sbin/slapd", "/usr/bin/python3"}) {
    if (::access(program, X_OK) != 0) return program;
  }
  return nullptr;
}

}  // namespace

Company* Company::get() {
  static std::unique_ptr<Company> company;
  static bool tried = false;
  if (tried) return company.get();
  tried = true;
  if (const char* why = why_not()) {
    std::printf("SKIPPED: glewlwyd tests: %s is missing\n", why);
    return nullptr;
  }
  std::string program = "/usr/bin/python3";
  std::string script = std::string(EXEUNT_PROJECT_ROOT) + "/tests/glewlwyd/company.py";
  char* arguments[] = {program.data(), script.data(), nullptr};
  int to[2];
  int from[2];
  REQUIRE(::pipe2(to, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(from, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], 0);
  posix_spawn_file_actions_adddup2(&actions, from[1], 1);
  pid_t pid = -1;
  REQUIRE(posix_spawn(&pid, arguments[0], &actions, nullptr, arguments, environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(to[0]);
  ::close(from[1]);
  company.reset(new Company(pid, to[1], from[0]));
  REQUIRE(company->read_line().find("ready") != std::string::npos);
  company->facts_ = company->ask({{"do", "facts"}});
  return company.get();
}

Company::~Company() {
  ::close(input_);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
  ::close(output_);
}

std::string Company::read_line() const {
  std::string line;
  char c = 0;
  while (::read(output_, &c, 1) == 1) {
    if (c == '\n') return line;
    line.push_back(c);
  }
  return line;
}

JsonObject Company::ask(JsonObject question) {
  const std::string line = base::canonical_json(base::Json(std::move(question))) + "\n";
  REQUIRE(::write(input_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  const auto answer = base::parse_json(read_line());
  REQUIRE(answer);
  REQUIRE(answer->is_object());
  const std::string problem = base::json_string(answer->as_object(), "problem").value_or("");
  REQUIRE_MESSAGE(problem.empty(), problem);
  return answer->as_object();
}

std::string Company::make_person(const std::string& prefix, int sessions) {
  const std::string login = prefix + std::to_string(++made_);
  REQUIRE(base::json_int(ask({{"do", "make"}, {"login", login}, {"employee", "E9" + std::to_string(made_)}}), "status").value() == 200);
  const JsonObject held = ask({{"do", "hold"}, {"login", login}, {"sessions", sessions}});
  REQUIRE(base::json_bool(held, "token").value());
  return login;
}

std::string Company::directory_person() {
  const auto& logins = facts_.at("logins").as_array();
  while (taken_ < logins.size()) {
    const std::string login(logins[taken_++].as_string());
    if (!std::all_of(login.begin(), login.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; })) continue;
    REQUIRE(base::json_bool(ask({{"do", "hold"}, {"login", login}}), "token").value());
    return login;
  }
  FAIL("no directory login is left");
  return {};
}

connect::SystemConfig Company::config(std::map<std::string, std::string> more) const {
  const std::string folder = base::json_string(facts_, "folder").value();
  connect::SystemConfig config;
  config.id = model::SystemId("provider");
  config.kind = "glewlwyd";
  config.where = "exeunt.yaml:1";
  config.values = {{"url", base::json_string(facts_, "url").value()},
                   {"login", "exeunt"},
                   {"credential", "file:" + folder + "/op-exeunt.secret"},
                   {"id_property", "entry_uuid"},
                   {"hr_id_property", "employee_number"},
                   {"lock_property", "locked"},
                   {"client_id", "exeunt-check"},
                   {"client_scope", "reports"},
                   {"client_credential", "file:" + folder + "/op-checker.secret"}};
  for (auto& [key, value] : more) {
    if (value == "-") {
      config.values.erase(key);
    } else {
      config.values[key] = value;
    }
  }
  return config;
}

std::unique_ptr<connect::Connector> Company::connector(std::map<std::string, std::string> more) {
  return connector(k_clock, std::move(more));
}

std::unique_ptr<connect::Connector> Company::connector(const base::Clock& clock, std::map<std::string, std::string> more) {
  auto made = connect::make_connector(config(std::move(more)), clock, k_random);
  REQUIRE_MESSAGE(made, (made ? "" : made.error().text()));
  return std::move(*made);
}

model::Node account_of(connect::Connector& connector, const std::string& login) {
  const auto listing = connector.accounts({});
  REQUIRE_MESSAGE(listing, (listing ? "" : listing.error().text()));
  for (const auto& account : listing->accounts) {
    if (account.login == login) return account.node;
  }
  FAIL("no such account is listed");
  return {};
}

model::Inventory look(connect::Connector& connector, const model::Node& account) {
  connect::InventoryRequest request;
  request.accounts = {account};
  auto inventory = connector.inventory(request);
  REQUIRE_MESSAGE(inventory, (inventory ? "" : inventory.error().text()));
  return std::move(*inventory);
}

std::vector<model::Node> of_kind(const model::Inventory& inventory, model::NodeKind kind) {
  std::vector<model::Node> nodes;
  for (const auto& node : inventory.nodes) {
    if (node.key.kind == kind && !is_drain(node)) nodes.push_back(node);
  }
  return nodes;
}

base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& account) {
  static const base::Secret secret("a-new-password-that-nobody-knows");
  connect::ApplyRequest request;
  request.action = action;
  request.target = account;
  if (action == model::Action::lock_and_replace) request.new_secret = &secret;
  return connector.apply(request);
}

connect::Presence presence(connect::Connector& connector, const model::Node& node) {
  const auto seen = connector.observe(node, {});
  return seen ? seen->presence : connect::Presence::unknown;
}

bool is_drain(const model::Node& node) { return node.facts.count("drains") != 0; }

}  // namespace exeunt::test
