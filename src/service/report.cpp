#include "service/report.hpp"

#include <algorithm>
#include <set>

#include "plan/plan.hpp"
#include "service/who.hpp"

namespace exeunt::service {

using base::Result;
using evidence::LeafKind;
using model::name;

namespace {

class Names {
 public:
  explicit Names(Home& home) : home_(home) {}

  /// "Ada Example (E1003)"; the id alone for who is not in the people list, the reference for who was erased.
  std::string person(const std::string& reference) {
    if (reference.empty()) return {};
    const auto referent = home_.store->referent(model::Reference(reference));
    return referent ? person_by_id(referent->value) : reference;
  }
  std::string person_by_id(const std::string& id) {
    const auto* person = find_person(home_.people, model::PersonId(id));
    return person == nullptr || person->name.empty() ? id : person->name + " (" + id + ")";
  }
  std::string node(const std::string& reference) {
    const auto referent = home_.store->referent(model::Reference(reference));
    return referent ? referent->value : reference;
  }

 private:
  Home& home_;
};

/// Who approved the plan of a step, and who ran it last.
struct Hands {
  std::map<std::string, std::string> operator_of, approver_of;  // step -> name
};

Hands hands_of(Home& home, const evidence::CaseEntries& entries, Names& names) {
  Hands out;
  std::map<std::string, std::string> approver;  // plan's digest -> name
  for (const auto& [leaf, payload] : entries.entries) {
    if (leaf.kind == LeafKind::approved) approver[leaf.digest] = names.person(leaf.approver);
    if ((leaf.kind == LeafKind::step_intended || leaf.kind == LeafKind::step_outcome) && !leaf.actor.empty())
      out.operator_of[leaf.step] = names.person(leaf.actor);
  }
  for (const auto& [digest, who] : approver) {
    const auto bytes = home.store->document("plan", digest);
    if (!bytes) continue;
    const auto plan = plan::from_bytes(*bytes);
    if (!plan) continue;
    for (const auto& step : plan->steps) out.approver_of[step.id.text()] = who;
  }
  return out;
}

std::string value_or_empty(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

void count_uses(std::vector<ReportPath>& paths, const evidence::CaseEntries& entries, Names& names) {
  std::map<std::string, ReportPath*> by_node;
  for (auto& path : paths) by_node[path.line.system + "/" + path.line.kind + "/" + path.line.id] = &path;
  for (const auto& [leaf, payload] : entries.entries) {
    if (leaf.kind != LeafKind::used) continue;
    const auto found = by_node.find(names.node(leaf.target));
    if (found == by_node.end()) continue;
    ++(leaf.moment == name(model::UseMoment::before_cut)  ? found->second->used_before
       : leaf.moment == name(model::UseMoment::after_cut) ? found->second->used_after
                                                          : found->second->used_undecided);
  }
}

/// The newest word of each listing and each source of sign-ins; what is full needs none.
void add_unseen(Report& report, const evidence::CaseEntries& entries) {
  std::map<std::string, ReportListing> listings;
  std::map<std::string, ReportSource> sources;
  std::set<std::string> told;
  for (const auto& [leaf, payload] : entries.entries) {
    const std::string reason = evidence::told(payload, "reason");
    if (leaf.kind == LeafKind::listed)
      listings[leaf.system + " " + leaf.target + " " + leaf.node] = {leaf.system, leaf.node, evidence::told(payload, "account"),
                                                                     leaf.completeness, reason};
    if (leaf.kind == LeafKind::sign_ins_listed) sources[leaf.system] = {leaf.system, leaf.completeness, reason};
    if (leaf.kind == LeafKind::gap_declared) {
      ReportGap gap{leaf.system, leaf.node, evidence::told(payload, "words")};
      if (told.insert(gap.system + "\n" + gap.kind + "\n" + gap.words).second) report.gaps.push_back(std::move(gap));
    }
  }
  for (auto& [key, listing] : listings)
    if (listing.completeness != name(model::Completeness::full)) report.listings.push_back(std::move(listing));
  for (auto& [system, source] : sources) report.sources.push_back(std::move(source));
}

void add_people(Report& report, const evidence::CaseEntries& entries, Names& names) {
  std::vector<std::string> operators, approvers;  // references, in order of appearance
  const auto add = [](std::vector<std::string>& to, const std::string& reference) {
    if (!reference.empty() && std::find(to.begin(), to.end(), reference) == to.end()) to.push_back(reference);
  };
  for (const auto& [leaf, payload] : entries.entries) {
    if (leaf.kind == LeafKind::step_intended) add(operators, leaf.actor);
    if (leaf.kind == LeafKind::approved) add(approvers, leaf.approver);
    if (leaf.kind == LeafKind::case_opened) report.reason = evidence::told(payload, "reason");
  }
  for (const auto& reference : operators) {
    report.operators.push_back(names.person(reference));
    report.same_person = report.same_person || std::find(approvers.begin(), approvers.end(), reference) != approvers.end();
  }
  for (const auto& reference : approvers) report.approvers.push_back(names.person(reference));
}

/// Of the policy that the main plan was made under.
void add_targets(Report& report, Home& home, const evidence::CaseFold& state) {
  if (state.plans.empty()) return;
  const auto bytes = home.store->document("plan", state.plans.front().digest);
  const auto plan = bytes ? plan::from_bytes(*bytes) : base::fail(bytes.error());
  if (!plan) return;
  const auto policy_bytes = home.store->document("policy", plan->policy_digest);
  const auto policy = policy_bytes ? plan::parse_policy(*policy_bytes, "policy.yaml") : base::fail(policy_bytes.error());
  if (!policy) return;
  report.target_identity = policy->target_identity;
  report.target_zero = policy->target_zero;
}

}  // namespace

Result<Report> make_report(Home& home, const evidence::CaseEntries& entries, base::Time issued_at) {
  const auto& state = entries.state;
  Names names(home);
  Report out;
  out.tenant = state.tenant;
  out.case_id = state.case_id;
  out.log_key = home.log_key ? home.log_key->verifier().text() : std::string();
  out.subject = names.person(state.subject);
  out.state = state.state;
  out.issued_at = issued_at;
  out.through = state.entries - 1;
  out.detected = state.detected;
  out.approved = state.approved;
  out.identity_cut = state.identity_cut;
  out.zero = state.zero;
  add_people(out, entries, names);
  add_targets(out, home, state);
  for (const auto& [id, system] : home.systems)
    out.systems.push_back({id.text(), system.connector->catalogue().kind, system.connector->catalogue().simulated});
  EXEUNT_TRY_ASSIGN(auto lines, path_lines(home, state, issued_at));
  const Hands hands = hands_of(home, entries, names);
  for (auto& line : lines) {
    ReportPath path;
    path.operator_name = value_or_empty(hands.operator_of, line.step);
    path.approver_name = value_or_empty(hands.approver_of, line.step);
    path.line = std::move(line);
    out.paths.push_back(std::move(path));
  }
  count_uses(out.paths, entries, names);
  EXEUNT_TRY_ASSIGN(out.exceptions, exception_lines(*home.store, model::CaseId(state.case_id), issued_at));
  for (auto& exception : out.exceptions) {
    exception.asker = names.person_by_id(exception.asker);
    exception.approver = exception.approver.empty() ? "" : names.person_by_id(exception.approver);
  }
  for (const auto& [target, task_state] : state.tasks) {
    const auto label = entries.labels.find(target);
    out.tasks.push_back({label == entries.labels.end() ? target : label->second, task_state});
  }
  add_unseen(out, entries);
  out.exposure = evidence::exposure(entries);
  out.requirements = evidence::requirement_rows(entries, issued_at);
  return out;
}

}  // namespace exeunt::service
