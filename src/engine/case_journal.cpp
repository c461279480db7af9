#include "engine/case_journal.hpp"

#include "base/escape.hpp"
#include "base/json.hpp"

namespace exeunt::engine {

using base::JsonObject;
using base::Status;
using evidence::Leaf;
using evidence::LeafKind;
using model::name;
using store::Payload;

namespace {

constexpr std::size_t k_told_columns_max = 200;  // of what a log says, in a payload

Leaf leaf_of(LeafKind kind) {
  Leaf leaf;
  leaf.kind = kind;
  return leaf;
}

std::string_view name(connect::Presence presence) {
  switch (presence) {
    case connect::Presence::present: return "present";
    case connect::Presence::absent: return "absent";
    case connect::Presence::unknown: return "unknown";
  }
  return "unknown";
}

void add(const PathChange& change, Leaf& leaf) {
  leaf.step = change.step.text();
  leaf.state = name(change.verdict.state);
  leaf.grade = name(change.verdict.grade);
  leaf.control = change.verdict.control;
  leaf.until = change.verdict.until;
}

}  // namespace

model::ProbeMeans means_of(const connect::Observation& look) {
  return look.grade == model::Grade::observed ? model::ProbeMeans::observe : model::ProbeMeans::read_back;
}

Status CaseJournal::write(Leaf leaf, Payload payload) {
  leaf.actor = actor_;
  return stream_.append(std::move(leaf), std::move(payload));
}

Status CaseJournal::write_later(Leaf leaf, Payload payload) {
  leaf.actor = actor_;
  return stream_.append_later(std::move(leaf), std::move(payload));
}

base::Result<std::string> CaseJournal::reference(const model::Node& node) { return reference(node.id().text(), node.label); }

base::Result<std::string> CaseJournal::reference(const std::string& id, const std::string& label) {
  const std::lock_guard lock(mutex_);
  const auto found = references_.find(id);
  if (found != references_.end()) return found->second;
  EXEUNT_TRY_ASSIGN(const model::Reference made, store_.reference("n", id, label));
  references_.emplace(id, made.text());
  return made.text();
}

void CaseJournal::know(const model::NodeId& node, const std::string& reference) {
  const std::lock_guard lock(mutex_);
  references_.emplace(node.text(), reference);
}

Status CaseJournal::state_changed(model::CaseState state, const std::string& words, std::optional<base::Time> until) {
  Leaf leaf = leaf_of(LeafKind::state_changed);
  leaf.state = name(state);
  leaf.until = until;
  return write(std::move(leaf), Payload::of({{"words", words}}));
}

Status CaseJournal::path_found(const model::Node& node, bool required, model::Grade grade, const std::string& witness, Whose whose) {
  Leaf leaf = leaf_of(LeafKind::path_found);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(node));
  leaf.system = node.key.system.text();
  leaf.node = name(node.key.kind);
  leaf.grade = name(grade);
  leaf.state = name(model::PathState::live);
  leaf.outcome = required ? "required" : "watched";
  if (whose == Whose::ours) leaf.means = name(model::ProbeMeans::witness);
  base::JsonObject facts;
  for (const auto& [key, value] : node.facts) facts[key] = value;
  return write(std::move(leaf),
               Payload(JsonObject{{"node", node.id().text()}, {"label", node.label}, {"facts", std::move(facts)}, {"witness", witness}}));
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
  return write(std::move(leaf), Payload::of({{"account", listing.account}, {"reason", listing.reason}}));
}

Status CaseJournal::gap_declared(const model::Gap& gap) {
  Leaf leaf = leaf_of(LeafKind::gap_declared);
  leaf.system = gap.system.text();
  leaf.node = name(gap.kind);
  return write(std::move(leaf), Payload::of({{"words", gap.words}}));
}

Status CaseJournal::sign_ins_listed(const model::SystemId& system, const connect::SignInListing& listing) {
  Leaf leaf = leaf_of(LeafKind::sign_ins_listed);
  leaf.system = system.text();
  leaf.completeness = name(listing.completeness);
  leaf.count = listing.clock_offset.count();
  return write(std::move(leaf), Payload::of({{"reason", listing.reason}}));
}

Status CaseJournal::plan_compiled(const std::string& plan_name, const std::string& digest, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::plan_compiled);
  leaf.digest = digest;
  leaf.step = plan_name;
  return write(std::move(leaf), Payload::of({{"words", words}}));
}

Status CaseJournal::step_intended(const model::StepId& step, int attempt, const model::Node& target, const base::Json& details) {
  Leaf leaf = leaf_of(LeafKind::step_intended);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(target));
  leaf.system = target.key.system.text();
  leaf.step = step.text();
  leaf.attempt = attempt;
  return write(std::move(leaf), Payload(JsonObject{{"node", target.id().text()}, {"details", details}}));
}

Status CaseJournal::witness_intended(const model::StepId& step, int attempt, const model::Node& account, model::NodeKind kind) {
  Leaf leaf = leaf_of(LeafKind::witness_intended);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(account));
  leaf.system = account.key.system.text();
  leaf.node = name(kind);
  leaf.step = step.text();
  leaf.attempt = attempt;
  return write(std::move(leaf), Payload::of({{"node", account.id().text()}}));
}

Status CaseJournal::step_outcome(const model::StepId& step, int attempt, model::StepState outcome, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::step_outcome);
  leaf.step = step.text();
  leaf.attempt = attempt;
  leaf.outcome = name(outcome);
  return write_later(std::move(leaf), Payload::of({{"words", words}}));
}

Status CaseJournal::gate_refused(const model::StepId& step, const std::string& guard, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::gate_refused);
  leaf.step = step.text();
  leaf.outcome = guard;
  return write(std::move(leaf), Payload::of({{"words", words}}));
}

Status CaseJournal::seen(const model::Node& target, model::ProbeMoment moment, const Sight& sight, const PathChange* change) {
  Leaf leaf = leaf_of(LeafKind::probed);
  const std::string node = target.id().text();
  EXEUNT_TRY_ASSIGN(leaf.target, reference(node, target.label));
  leaf.system = target.key.system.text();
  leaf.node = name(target.key.kind);
  leaf.moment = name(moment);
  leaf.t = sight.at;
  if (sight.look) {
    leaf.means = name(means_of(*sight.look));
    // An absence is not a refusal: the answer stays unknown and the outcome says what was seen.
    leaf.answer = name(model::ProbeAnswer::unknown);
    leaf.outcome = name(sight.look->presence);
  } else {
    leaf.means = name(sight.answer->means);
    leaf.answer = name(sight.answer->answer);
    if (sight.control) leaf.control = sight.control->answer == model::ProbeAnswer::admitted ? "held" : "failed";
  }
  if (change != nullptr) add(*change, leaf);
  const std::string_view why = change == nullptr ? std::string_view{} : change->verdict.why;
  if (sight.look) return write_later(std::move(leaf), Payload::of({{"node", node}, {"why", why}, {"words", sight.look->words}}));
  const std::string_view control = sight.control ? sight.control->words : std::string_view{};
  return write_later(
      std::move(leaf),
      Payload::of({{"control", control}, {"node", node}, {"reason", sight.answer->reason}, {"why", why}, {"words", sight.answer->words}}));
}

Status CaseJournal::used(const model::Node& target, const Use& use, const PathChange* opened) {
  Leaf leaf = leaf_of(LeafKind::used);
  const std::string node = target.id().text();
  EXEUNT_TRY_ASSIGN(leaf.target, reference(node, target.label));
  leaf.system = target.key.system.text();
  leaf.node = name(target.key.kind);
  leaf.count = use.sign_in.at.time_since_epoch().count();
  leaf.moment = name(use.moment);
  if (opened != nullptr) {
    leaf.means = name(opened->means);
    add(*opened, leaf);
  }
  return write_later(std::move(leaf), Payload(JsonObject{{"account", use.sign_in.account.text()},
                                                         {"at", base::to_rfc3339(use.sign_in.at)},
                                                         {"clock_error_ms", use.clock_error.count()},
                                                         {"clock_offset_ms", use.clock_offset.count()},
                                                         {"from", base::escape_terminal(use.sign_in.from, k_told_columns_max)},
                                                         {"node", node},
                                                         {"used", model::node_id(use.sign_in.used).text()},
                                                         {"words", base::escape_terminal(use.sign_in.words, k_told_columns_max)}}));
}

Status CaseJournal::path_changed(const model::Node& target, const PathChange& change) {
  Leaf leaf = leaf_of(LeafKind::path_changed);
  const std::string node = target.id().text();
  EXEUNT_TRY_ASSIGN(leaf.target, reference(node, target.label));
  leaf.system = target.key.system.text();
  leaf.means = name(change.means);
  add(change, leaf);
  return write_later(std::move(leaf), Payload::of({{"node", node}, {"words", change.verdict.why}}));
}

Status CaseJournal::task_changed(const model::Node& task, const std::string& outcome, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::task_changed);
  EXEUNT_TRY_ASSIGN(leaf.target, reference(task));
  leaf.system = task.key.system.text();
  leaf.outcome = outcome;
  return write(std::move(leaf), Payload::of({{"task", task.key.native_id}, {"words", words}}));
}

Status CaseJournal::milestone(const std::string& which, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::milestone);
  leaf.outcome = which;
  return write(std::move(leaf), Payload::of({{"words", words}}));
}

Status CaseJournal::watch_summary(const std::string& outcome, std::int64_t count, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::watch_summary);
  leaf.outcome = outcome;
  leaf.count = count;
  return write(std::move(leaf), Payload::of({{"words", words}}));
}

Status CaseJournal::halted(const std::string& words) { return write(leaf_of(LeafKind::halted), Payload::of({{"words", words}})); }

Status CaseJournal::exception_expired(const std::string& digest, const std::string& words) {
  Leaf leaf = leaf_of(LeafKind::exception_expired);
  leaf.digest = digest;
  return write(std::move(leaf), Payload::of({{"words", words}}));
}

Status CaseJournal::clock_stepped(base::Duration by) {
  Leaf leaf = leaf_of(LeafKind::clock_stepped);
  leaf.count = by.count();
  return write(std::move(leaf), Payload::of({}));
}

}  // namespace exeunt::engine
