#include "engine/survey.hpp"

#include <algorithm>
#include <thread>

#include "plan/plan.hpp"

namespace exeunt::engine {

using base::Result;
using model::NodeId;
using model::NodeKind;

namespace {

/// The person's accounts on one system over links that act.
std::vector<model::Node> accounts_on(const std::vector<graph::Link>& links, const std::map<NodeId, model::Node>& nodes,
                                     const model::PersonId& person, const model::SystemId& system) {
  std::vector<model::Node> out;
  for (const auto& link : links) {
    if (link.person != person || link.strength == model::LinkStrength::proposed) continue;
    const auto node = nodes.find(link.account);
    if (node != nodes.end() && node->second.key.system == system) out.push_back(node->second);
  }
  return out;
}

bool in_group(const graph::AccessMap& map, const std::string& group) {
  for (const auto& path : map.paths()) {
    if (path.node.key.kind != NodeKind::membership) continue;
    const auto cn = path.node.facts.find("group");
    if (cn != path.node.facts.end() && cn->second == group) return true;
  }
  return false;
}

void note_failure(Survey& survey, const model::SystemId& system, const base::Error& error) {
  survey.failures.push_back({system, error});
  survey.map.add_listing({system, NodeKind::account, "", model::Completeness::none, error.text(), 0});
}

struct AccountsOfAll {
  std::vector<graph::AccountFacts> facts;
  std::map<NodeId, model::Node> nodes;
};

/// Step 1: every account of every system, side by side.
AccountsOfAll list_accounts(Systems& systems, Survey& survey) {
  std::map<model::SystemId, Result<connect::AccountListing>> listed;
  {
    std::vector<std::jthread> threads;
    std::mutex mutex;
    for (auto& [id, system] : systems)
      threads.emplace_back([&, key = id, connector = system.connector.get()] {
        auto listing = connector->accounts({});
        const std::lock_guard lock(mutex);
        listed.emplace(key, std::move(listing));
      });
  }
  AccountsOfAll out;
  for (auto& [id, listing] : listed) {
    if (!listing) {
      if (listing.error().code != base::Code::unimplemented) note_failure(survey, id, listing.error());
      continue;
    }
    survey.map.add_listing({id, NodeKind::account, "", listing->completeness, listing->reason, listing->accounts.size()});
    for (auto& account : listing->accounts) {
      if (account.administrator) account.node.privileged = true;
      if (account.node.label.empty()) account.node.label = account.login.empty() ? account.display_name : account.login;
      out.facts.push_back({account.node, account.hr_id, account.login, account.email, account.display_name});
      out.nodes.emplace(account.node.id(), account.node);
    }
    survey.accounts.emplace(id, std::move(listing->accounts));
  }
  return out;
}

/// What Exeunt itself stands on is marked: a plan that would cut it is refused before anybody is asked to sign it (law 9).
void mark_own_accounts(Systems& systems, AccountsOfAll& all) {
  for (auto& [id, system] : systems) {
    const auto own = system.connector->own_accounts({});
    if (!own) continue;  // a system that does not answer is named elsewhere; the last gate asks again
    for (const auto& key : *own)
      if (const auto found = all.nodes.find(model::node_id(key)); found != all.nodes.end())
        found->second.facts[std::string(plan::k_fact_own_account)] = "yes";
  }
}

void confirm_links(std::vector<graph::Link>& links, const SurveyInput& input) {
  for (auto& link : links)
    if (link.strength == model::LinkStrength::proposed && link.person == input.subject && input.confirmed.contains(link.account))
      link.strength = model::LinkStrength::confirmed;
}

/// Shared secrets of `system` that the subject knows by the policy's table; their nodes enter the map.
std::vector<model::Node> known_secrets(Survey& survey, const SurveyInput& input, const model::SystemId& system) {
  std::vector<model::Node> out;
  for (const auto& secret : input.policy.secrets) {
    if (secret.system != system) continue;
    const bool named = std::find(secret.known_to.begin(), secret.known_to.end(), input.subject) != secret.known_to.end();
    const bool grouped = !secret.known_to_group.empty() && in_group(survey.map, secret.known_to_group);
    if (!named && !grouped) continue;
    const auto accounts = survey.accounts.find(system);
    if (accounts == survey.accounts.end()) continue;
    for (const auto& account : accounts->second) {
      if (account.login != secret.account) continue;
      model::Node node;
      node.key = {system, NodeKind::secret, account.node.key.native_id};
      node.label = secret.id;
      node.facts = {{"account", secret.account}, {"vault_file", secret.vault_file}};
      survey.map.add_node(node);
      survey.map.add_edge({graph::subject_node(input.subject), node.id(), model::EdgeKind::knows,
                           named ? "policy: known_to" : "policy: group " + secret.known_to_group, std::nullopt});
      for (const auto& other : secret.known_to)
        if (other != input.subject)
          survey.map.add_edge({graph::subject_node(other), node.id(), model::EdgeKind::knows, "policy: known_to", std::nullopt});
      out.push_back(std::move(node));
    }
  }
  return out;
}

std::vector<model::NodeKey> known_keys(const Survey& survey, const SurveyInput& input, const model::SystemId& system) {
  std::vector<model::NodeKey> out;
  for (const auto& [id, person] : input.imported) {
    const auto key = model::parse_node_id(id);
    if (key && person == input.subject && key->kind == NodeKind::key && key->system == system) out.push_back(*key);
  }
  static_cast<void>(survey);
  return out;
}

/// Step 2: one system's inventory of the subject.
void take_inventory(Survey& survey, System& system, const SurveyInput& input, const AccountsOfAll& all) {
  connect::InventoryRequest request;
  request.accounts = accounts_on(survey.links, all.nodes, input.subject, system.id);
  request.known = known_keys(survey, input, system.id);
  request.secrets = known_secrets(survey, input, system.id);
  if (request.accounts.empty() && request.known.empty() && request.secrets.empty()) return;
  const auto inventory = system.connector->inventory(request);
  if (!inventory) {
    if (inventory.error().code != base::Code::unimplemented) note_failure(survey, system.id, inventory.error());
    return;
  }
  survey.map.add(*inventory);
}

const model::Person* find_person(const std::vector<model::Person>& people, const model::PersonId& id) {
  const auto found = std::find_if(people.begin(), people.end(), [&](const model::Person& p) { return p.id == id; });
  return found == people.end() ? nullptr : &*found;
}

}  // namespace

std::map<model::SystemId, model::Node> Survey::accounts_of(const model::PersonId& person) const {
  std::map<model::SystemId, model::Node> out;
  for (const auto& link : links) {
    if (link.person != person || link.strength == model::LinkStrength::proposed) continue;
    const auto key = model::parse_node_id(link.account);
    if (!key || key->kind != NodeKind::account) continue;
    const auto listed = accounts.find(key->system);
    if (listed == accounts.end()) continue;
    for (const auto& account : listed->second)
      if (account.node.key == *key) out.emplace(key->system, account.node);
  }
  return out;
}

Result<Survey> survey(Systems& systems, const SurveyInput& input) {
  const model::Person* person = find_person(input.people, input.subject);
  if (person == nullptr)
    return base::fail(base::Code::not_found, "no person " + input.subject.text() + " in the people list",
                      "look the HR id up in people.csv");
  Survey out;
  out.map.set_subject(*person);
  AccountsOfAll all = list_accounts(systems, out);
  mark_own_accounts(systems, all);
  out.links = graph::link_accounts(input.people, all.facts, input.imported);
  confirm_links(out.links, input);
  std::set<NodeId> claimed;
  for (const auto& link : out.links) {
    if (link.strength != model::LinkStrength::proposed) claimed.insert(link.account);
    // Links of others are in the map too: bystanders are people, not account names.
    out.map.add_link(link);
  }
  for (const auto& [id, node] : all.nodes) {
    out.map.add_node(node);
    if (!claimed.contains(id)) out.orphans.push_back(node);
  }
  // Identity systems first: group memberships there say who knows which shared secret elsewhere.
  for (auto& [id, system] : systems)
    if (system.identity) take_inventory(out, system, input, all);
  for (auto& [id, system] : systems)
    if (!system.identity) take_inventory(out, system, input, all);
  for (const auto& [id, system] : systems)
    for (const auto& words : system.connector->catalogue().gaps) out.map.add_gap({id, NodeKind::resource, words});
  return out;
}

}  // namespace exeunt::engine
