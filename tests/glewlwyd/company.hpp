// A real Glewlwyd with a real slapd behind it, and a person's side of it: company.py in a process of its own. One for all tests of this program.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "connect/connector.hpp"
#include "connect/system_config.hpp"

namespace exeunt::test {

class Company {
 public:
  /// nullptr (and said loudly, why) where it cannot run: no root, no glewlwyd or slapd.
  [[nodiscard]] static Company* get();
  ~Company();
  Company(const Company&) = delete;
  Company& operator=(const Company&) = delete;

  /// {"do": …} of company.py. A problem there fails the test.
  base::JsonObject ask(base::JsonObject question);
  base::JsonObject ask(const std::string& what, const std::string& login) { return ask({{"do", what}, {"login", login}}); }
  void fault(const std::string& mode) { ask({{"do", "fault"}, {"mode", mode}}); }
  /// A local account of its own, with `sessions` browsers, tokens and a consent. The login.
  std::string make_person(const std::string& prefix, int sessions = 1);
  /// The n-th plain login of the directory that no test has had, with a browser, tokens and a consent.
  std::string directory_person();

  [[nodiscard]] connect::SystemConfig config(std::map<std::string, std::string> more = {}) const;
  [[nodiscard]] std::unique_ptr<connect::Connector> connector(std::map<std::string, std::string> more = {});
  [[nodiscard]] std::unique_ptr<connect::Connector> connector(const base::Clock& clock, std::map<std::string, std::string> more = {});
  [[nodiscard]] const base::JsonObject& facts() const { return facts_; }

 private:
  Company(pid_t pid, int input, int output) : pid_(pid), input_(input), output_(output) {}
  [[nodiscard]] std::string read_line() const;
  pid_t pid_;
  int input_, output_;
  base::JsonObject facts_;
  int made_ = 0;
  std::size_t taken_ = 0;
};

[[nodiscard]] model::Node account_of(connect::Connector& connector, const std::string& login);
[[nodiscard]] model::Inventory look(connect::Connector& connector, const model::Node& account);
[[nodiscard]] std::vector<model::Node> of_kind(const model::Inventory& inventory, model::NodeKind kind);
[[nodiscard]] base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& account);
[[nodiscard]] connect::Presence presence(connect::Connector& connector, const model::Node& node);
[[nodiscard]] bool is_drain(const model::Node& node);

}  // namespace exeunt::test

#define EXEUNT_COMPANY(company)                                              \
  ::exeunt::test::Company* company##_found = ::exeunt::test::Company::get(); \
  if (company##_found == nullptr) return;                                    \
  ::exeunt::test::Company& company = *company##_found;                       \
  company.fault("none")
