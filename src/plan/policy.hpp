// The policy: what must end at which grade, who may approve, what is protected. Data from policy.yaml, parsed strictly.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/catalogue.hpp"
#include "model/ids.hpp"
#include "model/node.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::plan {

struct SharedSecret {  // a source of `knows`
  std::string id;
  model::SystemId system;
  std::string account;  // login of the shared account
  std::vector<model::PersonId> known_to;
  std::string known_to_group;  // LDAP group cn; empty: none
  std::string vault_file;      // "file:…": where the present value lives
};
struct AttestTask {          // what no connector can end: a task for a named person
  std::string id, words;     // "door badge", "collect and block the door badge"
  model::PersonId assignee;  // empty: the subject's manager
  base::Duration due{};      // after approval
};
struct Policy {
  int version = 1;
  std::map<model::NodeKind, model::Grade> required_grade;                                // by kind of path; kinds absent: read_back
  std::map<model::SystemId, std::map<model::NodeKind, model::Grade>> required_grade_on;  // overrides
  std::set<model::SystemId> identity_systems;                                            // stage 1
  base::Duration prepare_max{0};                                                         // stage 0 when staged; immediate: 0
  base::Duration identity_confirm_max{60'000};  // a broken identity provider holds downstream work no longer than this
  base::Duration approval_valid{std::chrono::hours(24)};
  base::Duration exception_max{std::chrono::days(30)};  // longest exception, counted from when it is asked for; 0: there are none
  std::vector<model::NodeId> protected_nodes;           // by immutable id
  std::vector<model::PersonId> protected_people;
  int subjects_max = 1;             // blast radius: subjects in `window`
  int destructive_calls_max = 200;  // … and destructive calls
  base::Duration blast_window{std::chrono::hours(1)};
  bool delete_accounts = false;
  model::PersonId heir;                              // who takes over ownership; empty: the manager
  std::map<model::SystemId, model::Budget> budgets;  // overrides the catalogue's
  base::Duration target_identity{std::chrono::minutes(5)}, target_zero{std::chrono::minutes(10)};
  int relist_rounds_max = 10;
  base::Duration watch_every{std::chrono::hours(1)};  // closed cases are looked at this often …
  base::Duration watch_for{std::chrono::days(90)};    // … for this long; 0: never
  std::vector<SharedSecret> secrets;
  std::vector<AttestTask> tasks;
  std::vector<model::NodeKind> watched_only;  // kinds that are mapped but not required
  std::string digest;                         // SHA-256 of the file's bytes
};

/// invalid_argument with "policy.yaml:LINE: KEY: what is wrong" for an unknown key, a wrong type, an unknown word, a duplicate, a negative figure.
[[nodiscard]] base::Result<Policy> parse_policy(std::string_view yaml, std::string_view file_name);

/// A policy to begin with, every key explained; `exeunt init` writes it.
[[nodiscard]] std::string_view default_policy_yaml();

}  // namespace exeunt::plan
