#include "engine/case_journal.hpp"

#include "base/json.hpp"

namespace exeunt::engine {

using base::JsonObject;
using base::Status;
using evidence::Leaf;
using evidence::LeafKind;
using model::name;

namespace {

Leaf leaf_of(LeafKind kind) {
  Leaf leaf;
  leaf.kind = kind;
  return leaf;
}

}  // namespace

Status CaseJournal::write(Leaf leaf, JsonObject payload) {
  leaf.actor = actor_;
  return stream_.append(std::move(leaf), payload);
}

Status CaseJournal::write_later(Leaf leaf, JsonObject payload) {
  leaf.actor = actor_;
  return stream_.append_later(std::move(leaf), payload);
}

base::Result<std::string> CaseJournal::reference(const model::Node& node) {
  const std::string id = node.id().text();
  const std::lock_guard lock(mutex_);
  const auto found = references_.find(id);
  if (found != references_.end()) return found->second;
  EXEUNT_TRY_ASSIGN(const model::Reference made, store_.reference("n", id, node.label));
  references_.emplace(id, made.text());
  return made.text();
}

Status CaseJournal::state_changed(model::CaseState state, const std::string& words, std::optional<base::Time> until) {
  Leaf leaf = leaf_of(LeafKind::state_changed);
  leaf.state = name(state);
  leaf.until = until;
  return write(std::move(leaf), {{"words", words}});
}

Status CaseJournal::path_found(const model::Node& node, bool required, model::Grade grade, const std::string& witness) {
  Leaf leaf = leaf_of(LeafKind::path_found);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(node));
  leaf.system = node.key.system.text();
  leaf.node = name(node.key.kind);
  leaf.grade = name(grade);
  leaf.state = name(model::PathState::live);
  leaf.outcome = required ? "required" : "watched";
  base::JsonObject facts;
  for (const auto& [key, value] : node.facts) facts[key] = value;
  return write(std::move(leaf), {{"node", node.id().text()}, {"label", node.label}, {"facts", std::move(facts)}, {"witness", witness}});
}

Status CaseJournal::listed(const model::Listing& listing) {
  Leaf leaf = leaf_of(LeafKind::listed);
  leaf.system = listing.system.text();
  leaf.node = name(listing.kind);
  leaf.completeness = name(listing.completeness);
  leaf.count = static_cast<std::int64_t>(listing.count);
  if (!listing.account.empty()) {
    model::Node account;
    account.key = {listing.system, model::NodeKind::account, listing.account};
    EXEUNT_TRY_ASSIGN(leaf.target, reference(account));
  }
  return write(std::move(leaf), {{"account", listing.account}, {"reason", listing.reason}});
}

Status CaseJournal::gap_declared(const model::Gap& gap) {
  Leaf leaf = leaf_of(LeafKind::gap_declared);
  leaf.system = gap.system.text();
  leaf.node = name(gap.kind);
  return write(std::move(leaf), {{"words", gap.words}});
}

Status CaseJournal::plan_compiled(const std::string& plan_name, const std::string& digest, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::plan_compiled);
  leaf.digest = digest;
  leaf.step = plan_name;
  return write(std::move(leaf), {{"words", words}});
}

Status CaseJournal::step_intended(const model::StepId& step, int attempt, const model::Node& target, const base::Json& details) {
  Leaf leaf = leaf_of(LeafKind::step_intended);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(target));
  leaf.system = target.key.system.text();
  leaf.step = step.text();
  leaf.attempt = attempt;
  return write(std::move(leaf), {{"node", target.id().text()}, {"details", details}});
}

Status CaseJournal::step_outcome(const model::StepId& step, int attempt, model::StepState outcome, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::step_outcome);
  leaf.step = step.text();
  leaf.attempt = attempt;
  leaf.outcome = name(outcome);
  return write_later(std::move(leaf), {{"words", words}});
}

Status CaseJournal::gate_refused(const model::StepId& step, const std::string& guard, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::gate_refused);
  leaf.step = step.text();
  leaf.outcome = guard;
  return write(std::move(leaf), {{"words", words}});
}

Status CaseJournal::probed(const model::Node& target, model::ProbeMoment moment, const connect::ProbeResult& result) {
  Leaf leaf = leaf_of(LeafKind::probed);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(target));
  leaf.system = target.key.system.text();
  leaf.node = name(target.key.kind);
  leaf.means = name(result.means);
  leaf.moment = name(moment);
  leaf.answer = name(result.answer);
  return write_later(std::move(leaf), {{"node", target.id().text()}, {"reason", result.reason}, {"words", result.words}});
}

Status CaseJournal::observed(const model::Node& target, model::ProbeMoment moment, const connect::Observation& observation) {
  Leaf leaf = leaf_of(LeafKind::probed);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(target));
  leaf.system = target.key.system.text();
  leaf.means = name(observation.grade == model::Grade::observed ? model::ProbeMeans::observe : model::ProbeMeans::read_back);
  leaf.moment = name(moment);
  // An absence is not a refusal: the answer stays unknown and the outcome says what was seen.
  leaf.answer = name(model::ProbeAnswer::unknown);
  leaf.outcome = observation.presence == connect::Presence::present  ? "present"
                 : observation.presence == connect::Presence::absent ? "absent"
                                                                     : "unknown";
  return write_later(std::move(leaf), {{"node", target.id().text()}, {"words", observation.words}});
}

Status CaseJournal::path_changed(const model::Node& target, const model::StepId& step, const Verdict& verdict, model::ProbeMeans means) {
  Leaf leaf = leaf_of(LeafKind::path_changed);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(target));
  leaf.system = target.key.system.text();
  leaf.step = step.text();
  leaf.state = name(verdict.state);
  leaf.grade = name(verdict.grade);
  leaf.means = name(means);
  leaf.control = verdict.control;
  leaf.until = verdict.until;
  return write_later(std::move(leaf), {{"node", target.id().text()}, {"words", verdict.why}});
}

Status CaseJournal::task_changed(const model::Node& task, const std::string& outcome, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::task_changed);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(task));
  leaf.system = task.key.system.text();
  leaf.outcome = outcome;
  return write(std::move(leaf), {{"task", task.key.native_id}, {"words", words}});
}

Status CaseJournal::milestone(const std::string& which, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::milestone);
  leaf.outcome = which;
  return write(std::move(leaf), {{"words", words}});
}

Status CaseJournal::halted(const std::string& words) { return write(leaf_of(LeafKind::halted), {{"words", words}}); }

Status CaseJournal::clock_stepped(base::Duration by) {
  Leaf leaf = leaf_of(LeafKind::clock_stepped);
  leaf.count = by.count();
  return write(std::move(leaf), {});
}

}  // namespace exeunt::engine
