// Asks every system what there is and builds the access map of one subject: accounts, links, inventories, shared secrets.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "engine/systems.hpp"
#include "graph/access_map.hpp"
#include "model/departure.hpp"
#include "plan/policy.hpp"

namespace exeunt::engine {

struct SurveyInput {
  model::PersonId subject;
  const std::vector<model::Person>& people;
  const std::map<model::NodeId, model::PersonId>& imported;  // links.csv
  const std::set<model::NodeId>& confirmed;                  // accounts whose proposed link a person confirmed
  const plan::Policy& policy;
};

struct SystemFailure {
  model::SystemId system;
  base::Error error;
};

struct Survey {
  graph::AccessMap map;
  std::vector<SystemFailure> failures;  // systems that did not answer: their listings count as none
  std::map<model::SystemId, std::vector<connect::AccountRecord>> accounts;
  std::vector<model::Node> orphans;                                                         // accounts that nobody claims
  std::map<model::SystemId, model::Node> accounts_of(const model::PersonId& person) const;  // for heirs: their linked account per system
  std::vector<graph::Link> links;                                                           // of everybody
};

/// Blocks on the systems, one thread each. not_found: no such person; the message says how to look. A system that fails is reported in
/// `failures` and as a listing of completeness none, never as an error of the whole.
[[nodiscard]] base::Result<Survey> survey(Systems& systems, const SurveyInput& input);

}  // namespace exeunt::engine
