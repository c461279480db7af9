#include "plan/policy.hpp"

#include <doctest/doctest.h>

#include "base/bytes.hpp"
#include "base/duration.hpp"
#include "plan/yaml_reader.hpp"

namespace exeunt::plan {

using model::Grade;
using model::NodeKind;

namespace {

std::string error_of(std::string_view yaml) {
  const auto policy = parse_policy(yaml, "policy.yaml");
  if (policy) return "(no error)";
  CHECK(policy.error().code == base::Code::invalid_argument);
  CHECK_FALSE(policy.error().next.empty());
  return policy.error().what;
}

}  // namespace

TEST_CASE("policy: the one that init writes says what the defaults are") {
  const auto written = parse_policy(default_policy_yaml(), "policy.yaml");
  REQUIRE_MESSAGE(written.has_value(), written.error().text());
  const Policy plain;
  CHECK(written->version == plain.version);
  CHECK(written->prepare_max == plain.prepare_max);
  CHECK(written->identity_confirm_max == plain.identity_confirm_max);
  CHECK(written->approval_valid == plain.approval_valid);
  CHECK(written->exception_max == plain.exception_max);
  CHECK(written->subjects_max == plain.subjects_max);
  CHECK(written->destructive_calls_max == plain.destructive_calls_max);
  CHECK(written->blast_window == plain.blast_window);
  CHECK(written->delete_accounts == plain.delete_accounts);
  CHECK(written->target_identity == plain.target_identity);
  CHECK(written->target_zero == plain.target_zero);
  CHECK(written->relist_rounds_max == plain.relist_rounds_max);
  CHECK(written->required_grade.at(NodeKind::key) == Grade::refused);
  CHECK(written->digest == base::to_hex(base::sha256(default_policy_yaml())));
}

TEST_CASE("policy: every key is read") {
  const auto policy = parse_policy(R"(version: 1
identity_systems: [directory]
required_grade: { account: refused, session: observed }
required_grade_on:
  warehouse: { membership: witnessed }
watched_only: [membership, device]
prepare_max: 90s
identity_confirm_max: 500ms
approval_valid: 2d
exception_max: 36h
protected_nodes:
  - warehouse/account/10
  - bastion/key/0:SHA256:a/b+c
protected_people: [E0002]
blast_radius: { subjects_max: 3, destructive_calls_max: 50, window: 30min }
delete_accounts: true
heir: E0004
budgets:
  warehouse: { calls_per_second: 2.5, burst: 5, concurrency: 2 }
targets: { identity: 1min, zero: 2h }
relist_rounds_max: 4
secrets:
  - { id: report-role, system: warehouse, account: report_rw, known_to: [E0007], vault_file: "file:/v/r" }
  - { id: etl, system: warehouse, account: etl, known_to_group: report-team, vault_file: "file:/v/e" }
tasks:
  - { id: badge, words: "collect: \"the\" badge", assignee: E0012, due: 24h }
  - { id: laptop, words: laptop, due: 7d }
)",
                                   "policy.yaml");
  REQUIRE_MESSAGE(policy.has_value(), policy.error().text());
  CHECK(policy->identity_systems == std::set<model::SystemId>{model::SystemId("directory")});
  CHECK(policy->required_grade == std::map<NodeKind, Grade>{{NodeKind::account, Grade::refused}, {NodeKind::session, Grade::observed}});
  CHECK(policy->required_grade_on.at(model::SystemId("warehouse")).at(NodeKind::membership) == Grade::witnessed);
  CHECK(policy->watched_only == std::vector<NodeKind>{NodeKind::membership, NodeKind::device});
  CHECK(policy->prepare_max == std::chrono::seconds(90));
  CHECK(policy->identity_confirm_max == std::chrono::milliseconds(500));
  CHECK(policy->approval_valid == std::chrono::hours(48));
  CHECK(policy->exception_max == std::chrono::hours(36));
  CHECK(policy->protected_nodes.size() == 2);
  CHECK(policy->protected_people == std::vector<model::PersonId>{model::PersonId("E0002")});
  CHECK(policy->subjects_max == 3);
  CHECK(policy->destructive_calls_max == 50);
  CHECK(policy->blast_window == std::chrono::minutes(30));
  CHECK(policy->delete_accounts);
  CHECK(policy->heir == model::PersonId("E0004"));
  CHECK(policy->budgets.at(model::SystemId("warehouse")).calls_per_second == doctest::Approx(2.5));
  CHECK(policy->target_zero == std::chrono::hours(2));
  CHECK(policy->relist_rounds_max == 4);
  REQUIRE(policy->secrets.size() == 2);
  CHECK(policy->secrets[0].known_to == std::vector<model::PersonId>{model::PersonId("E0007")});
  CHECK(policy->secrets[1].known_to_group == "report-team");
  REQUIRE(policy->tasks.size() == 2);
  CHECK(policy->tasks[0].words == "collect: \"the\" badge");
  CHECK(policy->tasks[1].assignee.empty());
}

TEST_CASE("policy: what is wrong is said with file, line and key") {
  struct Row {
    const char* yaml;
    const char* error;
  };
  const Row rows[] = {
      {"version: 1\nheirs: E4\n", "policy.yaml:2: heirs: is no key that is known here"},
      {"version: 1\nheir: E4\nheir: E5\n", "policy.yaml:3: heir: is there twice"},
      {"heir: E4\n", "policy.yaml:1: version: is missing"},
      {"version: 2\n", "policy.yaml:1: version: \"2\" is no whole number from 1 to 1"},
      {"version: 1\nrequired_grade:\n  account: refused\n  acount: refused\n",
       "policy.yaml:4: required_grade.acount: is no key that is known here"},
      {"version: 1\nrequired_grade: { account: refussed }\n",
       "policy.yaml:2: required_grade.account: \"refussed\" is no grade that can be asked for"},
      {"version: 1\nrequired_grade: { account: waived }\n",
       "policy.yaml:2: required_grade.account: \"waived\" is no grade that can be asked for"},
      {"version: 1\nrequired_grade_on:\n  warehouse:\n    key: soon\n",
       "policy.yaml:4: required_grade_on.warehouse.key: \"soon\" is no grade that can be asked for"},
      {"version: 1\nrequired_grade_on:\n  w: {}\n  w: {}\n", "policy.yaml:4: required_grade_on.w: is there twice"},
      {"version: 1\nwatched_only: [sessions]\n", "policy.yaml:2: watched_only: \"sessions\" is no kind of node"},
      {"version: 1\nwatched_only: session\n", "policy.yaml:2: watched_only: is no list"},
      {"version: 1\nprepare_max: 10\n", "policy.yaml:2: prepare_max: \"10\" is no length of time"},
      {"version: 1\nprepare_max: -10s\n", "policy.yaml:2: prepare_max: \"-10s\" is no length of time"},
      {"version: 1\napproval_valid: 0s\n", "policy.yaml:2: approval_valid: is nothing"},
      {"version: 1\nexception_max: 30\n", "policy.yaml:2: exception_max: \"30\" is no length of time"},
      {"version: 1\nexception_max: forever\n", "policy.yaml:2: exception_max: \"forever\" is no length of time"},
      {"version: 1\nexceptions_max: 1d\n", "policy.yaml:2: exceptions_max: is no key that is known here"},
      {"version: 1\ndelete_accounts: yes\n", "policy.yaml:2: delete_accounts: \"yes\" is neither true nor false"},
      {"version: 1\nblast_radius: { subjects_max: -1 }\n",
       "policy.yaml:2: blast_radius.subjects_max: \"-1\" is no whole number from 1 to 1000000"},
      {"version: 1\nblast_radius: 7\n", "policy.yaml:2: blast_radius: is no mapping of keys to values"},
      {"version: 1\nrelist_rounds_max: 1.5\n", "policy.yaml:2: relist_rounds_max: \"1.5\" is no whole number from 2 to 1000"},
      {"version: 1\nbudgets: { w: { calls_per_second: nan } }\n",
       "policy.yaml:2: budgets.w.calls_per_second: \"nan\" is no number from 0.001 to 1000000"},
      {"version: 1\nprotected_nodes: [warehouse]\n", "policy.yaml:2: protected_nodes: \"warehouse\" is no node id"},
      {"version: 1\nheir: [E4]\n", "policy.yaml:2: heir: is no plain text"},
      {"version: 1\nheir:\n", "policy.yaml:2: heir: is no plain text"},
      {"version: 1\nheir: \"a\\x1b[2J\"\nheir: b\n", "policy.yaml:3: heir: is there twice"},
      {"version: 1\nsecrets:\n  - { id: a, system: w, account: b, known_to: [E1] }\n", "policy.yaml:3: secrets[0].vault_file: is missing"},
      {"version: 1\nsecrets:\n  - { id: a, system: w, account: b, vault_file: \"file:/x\" }\n",
       "policy.yaml:3: secrets[0].known_to: is missing, and known_to_group too"},
      {"version: 1\nsecrets:\n  - { id: a, system: w, account: b, known_to: [E1], vault_file: \"env:X\" }\n",
       "policy.yaml:3: secrets[0].vault_file: \"env:X\" is no reference"},
      {"version: 1\ntasks:\n  - { id: a, words: b, due: 1h }\n  - { id: a, words: c, due: 1h }\n",
       "policy.yaml:4: tasks[1].id: \"a\" is there twice"},
      {"version: 1\ntasks: [badge]\n", "policy.yaml:2: tasks[0]: is no mapping of keys to values"},
      {"version: 1\n\"\\e[2Jx\": 1\n", "policy.yaml:2: \\x1b[2Jx: is no key that is known here"},
      {"- version\n", "policy.yaml:1: is no mapping of keys to values"},
      {"version: 1\n--- \nversion: 1\n", "policy.yaml:1: holds more than one document"},
      {"", "policy.yaml:1: is empty"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.yaml);
    CHECK(error_of(row.yaml).substr(0, std::string_view(row.error).size()) == std::string(row.error));
  }
  CHECK(error_of("version: 1\nheir: [E4\n").starts_with("policy.yaml:"));
  CHECK(error_of("version: 1\n\their: E4\n").starts_with("policy.yaml:2: "));
}

TEST_CASE("policy: lengths of time have a unit and an end") {
  CHECK(base::parse_duration("500ms") == std::chrono::milliseconds(500));
  CHECK(base::parse_duration("7d") == std::chrono::hours(168));
  for (const char* text : {"", "7", "s", "-1s", "1.5h", "1 h", "1H", "99999999999999999999s", "9223372036854775807d", "1h30min"}) {
    CAPTURE(text);
    CHECK_FALSE(base::parse_duration(text).has_value());
  }
}

}  // namespace exeunt::plan
