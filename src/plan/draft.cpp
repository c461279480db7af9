#include "plan/draft.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::plan {

using model::Action;
using model::ActionSpec;
using model::Node;
using model::NodeId;
using model::NodeKind;

namespace {

constexpr base::Duration k_review_due = std::chrono::hours(24 * 7);

bool contains(const std::vector<NodeKind>& kinds, NodeKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }
bool contains(const std::vector<Action>& actions, Action action) {
  return std::find(actions.begin(), actions.end(), action) != actions.end();
}
bool is_task(Action action) { return action == Action::attest || action == Action::review; }

/// A composed action stands for its parts where it ends all that they end.
bool is_part_of_another(const ActionSpec& spec, const model::Catalogue& catalogue) {
  return std::any_of(catalogue.actions.begin(), catalogue.actions.end(), [&](const ActionSpec& whole) {
    return whole.action != spec.action && whole.target == spec.target && contains(whole.composed_of, spec.action) &&
           !contains(whole.composed_of, whole.action) &&
           std::all_of(spec.covers.begin(), spec.covers.end(), [&](NodeKind kind) { return contains(whole.covers, kind); });
  });
}

/// Whether an action belongs on this anchor at all; policy and heir are looked at later.
bool applies(const ActionSpec& spec, NodeKind anchor) {
  if (is_task(spec.action)) return false;
  if (spec.target == anchor) return true;
  if (anchor == NodeKind::account || anchor == NodeKind::secret) return false;
  // A key that stands alone (in a shared account) is ended by what ends an account's keys; its sessions likewise.
  return spec.by_rule && spec.target == NodeKind::account && (contains(spec.covers, anchor) || contains(spec.covers, NodeKind::session));
}

class Drafter {
 public:
  Drafter(const Ground& ground, std::vector<model::Gap>& gaps) : ground_(ground), gaps_(gaps) {}

  void anchor(const NodeId& id) {
    const Node node = ground_.node(id);
    const model::Catalogue* catalogue = ground_.catalogue(node.key.system);
    if (catalogue == nullptr) return gap(node.key.system, node.key.kind, "the system is not configured: end it by hand");
    for (const auto& spec : catalogue->actions)
      if (applies(spec, node.key.kind) && !is_part_of_another(spec, *catalogue)) action(spec, node);
    for (const auto& below : ground_.family.at(id))
      if (const auto key = model::parse_node_id(below); key && key->kind == NodeKind::automation) review(below, id);
  }

  void task(const AttestTask& task) {
    Node target;
    target.key = {desk(Action::attest), NodeKind::resource, ground_.input.case_id.text() + "/" + task.id};
    if (target.key.system.empty())
      return gap(model::SystemId("policy"), NodeKind::resource,
                 "no system of kind attest is configured for the task \"" + task.id + "\": " + task.words);
    target.label = task.id;
    Draft draft = ask(Action::attest, std::move(target), task.assignee);
    draft.step.words = task.words;
    draft.step.due = task.due;
    draft.step.why = "nothing but a person can collect or close this (policy, tasks)";
    draft.group = draft.step.target.id();
    out.push_back(std::move(draft));
  }

  std::vector<Draft> out;

 private:
  void gap(const model::SystemId& system, NodeKind kind, std::string words) { gaps_.push_back({system, kind, std::move(words)}); }

  [[nodiscard]] std::size_t depth_of(const NodeId& id) const {
    for (const auto& path : ground_.paths)
      if (path.node.id() == id) return path.witness_edges.size();
    return 0;
  }

  void action(const ActionSpec& spec, const Node& node) {
    if (spec.action == Action::delete_account && !ground_.input.policy.delete_accounts) return;
    Draft draft;
    Step& step = draft.step;
    step.action = spec.action;
    step.stage = spec.stage;
    step.target = node;
    step.covers = spec.covers;
    step.by_rule = spec.by_rule;
    step.destructive = spec.destructive;
    step.reversible = spec.reversible;
    step.needs_secret = spec.needs_secret;
    step.witnesses = spec.witnesses;
    step.expected_calls = std::max(1, spec.expected_calls);
    step.why = spec.why;
    draft.group = node.id();
    draft.depth = depth_of(node.id());
    draft.undoes = spec.undoes;
    draft.reasserts = spec.reasserts;
    if (contains(spec.covers, node.key.kind)) draft.ends.insert(node.id());
    for (const auto& below : ground_.family.at(node.id()))
      if (const auto key = model::parse_node_id(below); key && contains(spec.covers, key->kind)) draft.ends.insert(below);
    if (spec.needs_heir && !add_heir(draft)) return;
    if (spec.action == Action::rotate_secret && !add_vault(draft)) return;
    out.push_back(std::move(draft));
  }

  bool add_heir(Draft& draft) {
    const Node& node = draft.step.target;
    // What an account that hers created owns stays with that account: nobody works with it but through her.
    const bool linked = draft.depth <= 1;
    if (!linked && !ground_.input.policy.delete_accounts) return false;
    const auto heir = ground_.input.heirs.find(node.key.system);
    if (heir == ground_.input.heirs.end()) {
      gap(node.key.system, NodeKind::resource,
          fmt::format("what account \"{}\" owns stays with it: {} has no account on this system to take it over", node.label,
                      ground_.heir().empty() ? "nobody is named as heir and the heir" : "the heir " + ground_.heir().text()));
      return false;
    }
    draft.step.heir = heir->second;
    return true;
  }

  bool add_vault(Draft& draft) {
    const Node& node = draft.step.target;
    const auto fact = [&](const char* name) {
      const auto found = node.facts.find(name);
      return found == node.facts.end() ? std::string() : found->second;
    };
    std::string vault = fact("vault_file");
    for (const auto& secret : ground_.input.policy.secrets)
      if (vault.empty() && secret.system == node.key.system && secret.account == fact("account")) vault = secret.vault_file;
    if (vault.empty() && draft.step.needs_secret) {
      gap(node.key.system, NodeKind::secret,
          "nothing says where the shared secret \"" + node.label + "\" is kept: rotate it by hand, or add vault_file to the policy");
      return false;
    }
    draft.step.vault_reference = vault;
    return true;
  }

  void review(const NodeId& automation, const NodeId& owner) {
    const Node code = ground_.node(automation);
    Node target;
    target.key = {desk(Action::review), NodeKind::resource, ground_.input.case_id.text() + "/review/" + automation.text()};
    if (target.key.system.empty())
      return gap(code.key.system, NodeKind::automation,
                 "no system of kind attest is configured to ask for a review of \"" + code.label + "\"");
    if (std::any_of(out.begin(), out.end(), [&](const Draft& known) { return known.step.target.key == target.key; })) return;
    target.label = "review " + code.label;
    Draft draft = ask(Action::review, std::move(target), ground_.heir());
    draft.step.words =
        fmt::format("read \"{}\" on {} before it changes hands: it runs with its owner's rights", code.label, code.key.system.text());
    draft.step.due = k_review_due;
    draft.step.why = "ownership of executable things is privilege: code of hers would run with the heir's rights unread";
    draft.group = owner;
    draft.depth = depth_of(owner);
    draft.ends.insert(automation);
    out.push_back(std::move(draft));
  }

  [[nodiscard]] model::SystemId desk(Action wanted) const {
    for (const auto& [id, catalogue] : ground_.input.catalogues)
      if (catalogue.kind == "attest" && catalogue.find(wanted) != nullptr) return id;
    return {};
  }

  [[nodiscard]] Draft ask(Action action, Node target, model::PersonId assignee) const {
    Draft draft;
    const auto& subject = ground_.input.map.subject();
    // Nobody attests to their own leaving.
    if (assignee.empty() || assignee == subject.id) assignee = subject.manager;
    target.facts["subject"] = subject.id.text();
    draft.step.action = action;
    draft.step.stage = model::Stage::continuity;
    if (const auto* spec = ground_.input.catalogues.at(target.key.system).find(action)) draft.step.stage = spec->stage;
    draft.step.covers = {NodeKind::resource};
    draft.step.assignee = std::move(assignee);
    draft.step.target = std::move(target);
    return draft;
  }

  const Ground& ground_;
  std::vector<model::Gap>& gaps_;
};

}  // namespace

Ground::Ground(const PlanInput& plan_input) : input(plan_input), paths(plan_input.map.paths()) {
  const std::set<NodeId> only(input.only_nodes.begin(), input.only_nodes.end());
  for (const auto& anchor : input.map.anchors()) {
    auto below = input.map.below(anchor);
    const bool named = only.empty() || only.contains(anchor);
    const bool over_named = std::any_of(below.begin(), below.end(), [&](const NodeId& id) { return only.contains(id); });
    if (!named && !over_named) continue;
    anchors.push_back(anchor);
    if (named) {
      scope.insert(anchor);
      scope.insert(below.begin(), below.end());
    }
    family.emplace(anchor, std::move(below));
  }
  scope.insert(only.begin(), only.end());
  // What a named account already brings along is not approved a second time on another one.
  std::erase_if(anchors, [&](const NodeId& anchor) {
    if (only.empty() || only.contains(anchor)) return false;
    return std::all_of(family.at(anchor).begin(), family.at(anchor).end(), [&](const NodeId& id) {
      return !only.contains(id) || std::any_of(only.begin(), only.end(), [&](const NodeId& other) {
        return family.contains(other) && std::find(family.at(other).begin(), family.at(other).end(), id) != family.at(other).end();
      });
    });
  });
}

const model::Catalogue* Ground::catalogue(const model::SystemId& system) const {
  const auto found = input.catalogues.find(system);
  return found == input.catalogues.end() ? nullptr : &found->second;
}

Node Ground::node(const NodeId& id) const {
  if (const Node* known = input.map.find(id)) return *known;
  Node unlisted;
  unlisted.key = model::parse_node_id(id).value_or(model::NodeKey{});
  return unlisted;
}

model::PersonId Ground::heir() const { return input.policy.heir.empty() ? input.map.subject().manager : input.policy.heir; }

std::vector<Draft> draft_steps(const Ground& ground, std::vector<model::Gap>& gaps) {
  Drafter drafter(ground, gaps);
  for (const auto& anchor : ground.anchors) drafter.anchor(anchor);
  // Tasks belong to the person, once: a delta plan does not ask again.
  if (ground.input.only_nodes.empty())
    for (const auto& task : ground.input.policy.tasks) drafter.task(task);
  return std::move(drafter.out);
}

base::Status check_catalogue(const model::SystemId& system, const model::Catalogue& catalogue) {
  for (const auto& spec : catalogue.actions)
    for (const Action undone : spec.undoes) {
      if (spec.reasserts || contains(spec.composed_of, undone) || catalogue.find(undone) == nullptr) continue;
      return base::fail(base::Code::failed_precondition,
                        fmt::format("{}: the catalogue of kind {} is refused: {} silently undoes {} and neither composes nor re-asserts it",
                                    system.text(), catalogue.kind, name(spec.action), name(undone)),
                        "make it one composed action, or let it set the other one again in the same call");
    }
  return {};
}

base::Status check_protection(const Ground& ground, const std::vector<Draft>& drafts) {
  const auto& policy = ground.input.policy;
  const auto& subject = ground.input.map.subject();
  const auto refuse = [](std::string what) {
    return base::fail(base::Code::failed_precondition, std::move(what), "two persons must take the protection out of policy.yaml first");
  };
  const auto protects = [&](const model::PersonId& person) {
    return std::find(policy.protected_people.begin(), policy.protected_people.end(), person) != policy.protected_people.end();
  };
  if (protects(subject.id)) return refuse("person " + base::escape_terminal(subject.id.text()) + " is protected by the policy");
  std::set<NodeId> touched;
  for (const auto& draft : drafts) {
    touched.insert(draft.step.target.id());
    touched.insert(draft.ends.begin(), draft.ends.end());
  }
  for (const auto& id : touched) {
    const std::string shown = base::escape_terminal(id.text());
    if (std::find(policy.protected_nodes.begin(), policy.protected_nodes.end(), id) != policy.protected_nodes.end())
      return refuse("the plan would touch " + shown + ", which is protected by the policy");
    const Node node = ground.node(id);
    if (const auto own = node.facts.find(std::string(k_fact_own_account)); own != node.facts.end() && own->second == "yes")
      return base::fail(base::Code::failed_precondition, "the plan would cut " + shown + ", which Exeunt itself stands on",
                        "give Exeunt another account on that system first, then plan again");
    for (const auto& link : ground.input.map.links())
      if (link.account == id && link.person != subject.id && link.strength != model::LinkStrength::proposed && protects(link.person))
        return refuse("the plan would touch " + shown + ", which is also " + base::escape_terminal(link.person.text()) +
                      "'s, who is protected");
  }
  return {};
}

}  // namespace exeunt::plan
