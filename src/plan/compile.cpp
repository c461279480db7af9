#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/draft.hpp"
#include "plan/plan.hpp"
#include "plan/words.hpp"

namespace exeunt::plan {

using model::Grade;
using model::NodeId;

namespace {

bool is_watched_only(const Policy& policy, model::NodeKind kind) {
  return std::find(policy.watched_only.begin(), policy.watched_only.end(), kind) != policy.watched_only.end();
}

Grade required_grade(const Policy& policy, const model::Node& node) {
  Grade grade = Grade::read_back;
  if (const auto general = policy.required_grade.find(node.key.kind); general != policy.required_grade.end()) grade = general->second;
  if (const auto on = policy.required_grade_on.find(node.key.system); on != policy.required_grade_on.end())
    if (const auto special = on->second.find(node.key.kind); special != on->second.end()) grade = special->second;
  // Ended before we came: nobody can show any more that it was admitted before, so nothing better than reading it back is to be had.
  if (!node.live && !at_least(Grade::read_back, grade)) grade = Grade::read_back;
  return grade;
}

void plan_paths(const Ground& ground, const std::vector<Draft>& drafts, Plan& out) {
  for (const auto& path : ground.paths) {
    const NodeId id = path.node.id();
    if (!ground.in_scope(id)) continue;
    PlannedPath planned;
    planned.node = path.node;
    planned.required = required_grade(ground.input.policy, path.node);
    planned.watched_only = is_watched_only(ground.input.policy, path.node.key.kind);
    for (const auto& draft : drafts)
      if (planned.step.empty() && draft.ends.contains(id)) planned.step = draft.step.id;
    if (planned.step.empty() && ground.catalogue(path.node.key.system) != nullptr)
      out.gaps.push_back({path.node.key.system, path.node.key.kind,
                          fmt::format("no action of this system ends the {} \"{}\": end it by hand, or have an exception approved",
                                      name(path.node.key.kind), path.node.label)});
    out.paths.push_back(std::move(planned));
  }
}

/// Where the policy asks for more than the connector can ever show, the reader of the plan hears it before the approval.
void note_unreachable_grades(const Ground& ground, Plan& out) {
  for (auto& step : out.steps) {
    std::set<std::string> said;
    for (const auto& path : out.paths) {
      if (path.step != step.id || path.watched_only) continue;
      const auto* catalogue = ground.catalogue(path.node.key.system);
      const auto* spec = catalogue == nullptr ? nullptr : catalogue->find(path.node.key.kind);
      if (spec == nullptr || at_least(spec->best, path.required)) continue;
      const auto words = fmt::format("the policy asks for {} of each {}, this system can show {} at best: an exception will be needed",
                                     name(path.required), name(path.node.key.kind), name(spec->best));
      if (said.insert(words).second) step.why += (step.why.empty() ? "" : "; ") + words;
    }
  }
}

void sum_up_steps(const Ground& ground, const std::vector<Draft>& drafts, Plan& out) {
  for (const auto& draft : drafts) {
    const Step& step = draft.step;
    if (step.destructive) out.destructive_calls += static_cast<int>(std::max<std::size_t>(1, draft.ends.size()));
    if (!step.reversible) out.irreversible.push_back(fmt::format("{}: {} cannot be undone", step.id.text(), sentence(step)));
    if (const auto* catalogue = ground.catalogue(step.target.key.system))
      out.catalogue_digests[step.target.key.system] = catalogue->digest();
    if (step.heir && std::find(out.heirs.begin(), out.heirs.end(), ground.heir()) == out.heirs.end()) out.heirs.push_back(ground.heir());
    out.steps.push_back(step);
  }
}

/// The shortest time in which the budgets let all expected calls out: no run can be faster, whatever the systems' answers.
void bound_from_below(const Ground& ground, Plan& out) {
  std::map<model::SystemId, double> calls;
  for (const auto& step : out.steps) calls[step.target.key.system] += step.expected_calls;
  double longest = -1, busiest = -1;
  for (const auto& [system, count] : calls) {
    const auto* catalogue = ground.catalogue(system);
    if (catalogue == nullptr) continue;
    const auto own = ground.input.policy.budgets.find(system);
    const model::Budget& budget = own == ground.input.policy.budgets.end() ? catalogue->budget : own->second;
    const double rate = std::max(budget.calls_per_second, 0.001);
    const double seconds = std::max(0.0, (count - budget.burst) / rate);
    if (seconds < longest || (seconds == longest && count / rate <= busiest)) continue;
    longest = seconds;
    busiest = count / rate;
    out.binding_system = system;
  }
  out.lower_bound = base::Duration(static_cast<std::int64_t>(std::ceil(std::max(0.0, longest) * 1000)));
}

void add_bystanders(const Ground& ground, Plan& out) {
  std::set<NodeId> touched, others;
  for (const auto& step : out.steps) touched.insert(step.target.id());
  for (const auto& path : out.paths) touched.insert(path.node.id());
  for (const auto& id : touched)
    for (const auto& other : ground.input.map.bystanders(id)) others.insert(other);
  out.bystanders.assign(others.begin(), others.end());
}

template <class T, class Key>
void sort_by(std::vector<T>& values, Key key) {
  std::sort(values.begin(), values.end(), [&](const T& a, const T& b) { return key(a) < key(b); });
}

void add_map_facts(const Ground& ground, Plan& out) {
  const auto& map = ground.input.map;
  const std::set<NodeId> only(ground.input.only_nodes.begin(), ground.input.only_nodes.end());
  for (const auto& link : map.links()) {
    if (link.person != map.subject().id) continue;
    const auto key = model::parse_node_id(link.account);
    // Keys that links.csv names are targets of steps by themselves; accounts in reach are what stands here.
    if (link.strength == model::LinkStrength::proposed)
      out.proposed.push_back(link);
    else if (key && key->kind == model::NodeKind::account)
      out.links.push_back(link);
  }
  out.gaps = map.gaps();
  out.listings = map.listings();
}

void put_in_canonical_order(Plan& out) {
  const auto link_key = [](const graph::Link& link) { return std::tuple(link.person, link.account, link.reason); };
  sort_by(out.links, link_key);
  sort_by(out.proposed, link_key);
  sort_by(out.gaps, [](const model::Gap& gap) { return std::tuple(gap.system, gap.kind, gap.words); });
  out.gaps.erase(
      std::unique(out.gaps.begin(), out.gaps.end(),
                  [](const model::Gap& a, const model::Gap& b) { return a.system == b.system && a.kind == b.kind && a.words == b.words; }),
      out.gaps.end());
  sort_by(out.listings, [](const model::Listing& listing) { return std::tuple(listing.system, listing.kind, listing.account); });
}

base::Status check_size(const Ground& ground, const Plan& plan) {
  if (plan.steps.empty()) {
    const auto proposed = plan.proposed.size();
    return base::fail(
        base::Code::failed_precondition,
        fmt::format("there is nothing to do for {}: no account is linked to this person", ground.input.map.subject().id.text()),
        proposed == 0 ? "check the people list, links.csv and that every system answered (`exeunt systems check`)"
                      : fmt::format("{} proposed links wait for a person: confirm them with --confirm", proposed));
  }
  const int allowed = ground.input.policy.destructive_calls_max;
  if (plan.destructive_calls > allowed)
    return base::fail(base::Code::failed_precondition,
                      fmt::format("the plan makes {} destructive calls, the policy allows {}", plan.destructive_calls, allowed),
                      "raise blast_radius.destructive_calls_max in policy.yaml with two persons");
  for (const auto& heir : plan.heirs)
    if (heir == plan.subject.id)
      return base::fail(base::Code::failed_precondition, "the subject would inherit from herself", "name another heir in policy.yaml");
  return {};
}

}  // namespace

base::Result<Plan> compile(const PlanInput& input) {
  const Ground ground(input);
  for (const auto& [system, catalogue] : input.catalogues) EXEUNT_TRY(check_catalogue(system, catalogue));
  Plan out;
  out.tenant = input.tenant;
  out.case_id = input.case_id;
  out.name = input.name;
  out.subject = input.map.subject();
  out.reason = input.reason;
  out.urgency = input.urgency;
  out.policy_digest = input.policy.digest;
  out.approval_valid = input.policy.approval_valid;
  add_map_facts(ground, out);
  auto drafts = draft_steps(ground, out.gaps);
  EXEUNT_TRY(check_protection(ground, drafts));
  EXEUNT_TRY_ASSIGN(drafts, put_in_order(ground, std::move(drafts)));
  plan_paths(ground, drafts, out);
  sum_up_steps(ground, drafts, out);
  note_unreachable_grades(ground, out);
  bound_from_below(ground, out);
  add_bystanders(ground, out);
  put_in_canonical_order(out);
  EXEUNT_TRY(check_size(ground, out));
  return out;
}

}  // namespace exeunt::plan
