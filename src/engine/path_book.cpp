#include "engine/path_book.hpp"

#include <algorithm>
#include <utility>

namespace exeunt::engine {

bool PathBook::add(PathRecord record) {
  const std::lock_guard lock(mutex_);
  const model::NodeId id = record.node.id();
  const auto [added, fresh] = records_.emplace(id, std::move(record));
  if (!fresh) return false;
  by_step_[added->second.step].insert(id);
  count(added->second, true);
  return true;
}

std::unique_lock<std::mutex> PathBook::finding(const model::SystemId& system) {
  std::mutex* of_system = nullptr;
  {
    const std::lock_guard lock(mutex_);
    of_system = &finding_[system];  // never taken out again: it stays where it is
  }
  return std::unique_lock(*of_system);
}

bool PathBook::knows(const model::NodeId& id) const {
  const std::lock_guard lock(mutex_);
  return records_.contains(id);
}

bool PathBook::meet(const model::NodeId& id, const model::StepId& step) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  return found != records_.end() && found->second.step == step && std::exchange(found->second.found_elsewhere, false);
}

void PathBook::count(const PathRecord& record, bool in) {
  const auto change = [in](std::size_t& number) { in ? ++number : --number; };
  change(tally_.paths);
  if (record.state == model::PathState::ended) change(tally_.ended);
  if (record.state == model::PathState::waived) change(tally_.waived);
  if (!record.required || record.state == model::PathState::ended || record.state == model::PathState::restored) return;
  auto& counts = record.state == model::PathState::waived ? tally_.waived_required : tally_.open_required;
  const auto open = counts.try_emplace(record.node.key.system, 0).first;
  change(open->second);
  if (open->second == 0) counts.erase(open);
}

std::vector<model::NodeKey> PathBook::keys_of(const model::SystemId& system, model::NodeKind kind) const {
  const std::lock_guard lock(mutex_);
  std::vector<model::NodeKey> out;
  for (const auto& [id, record] : records_)
    if (record.node.key.kind == kind && record.node.key.system == system) out.push_back(record.node.key);
  return out;
}

PathTally PathBook::tally() const {
  const std::lock_guard lock(mutex_);
  return tally_;
}

std::optional<PathRecord> PathBook::find(const model::NodeId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) return std::nullopt;
  return found->second;
}

void PathBook::note_before(const model::NodeId& id, std::optional<model::ProbeAnswer> before, std::optional<model::ProbeAnswer> control) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) return;
  if (before) found->second.before = before;
  if (control) found->second.before_control = control;
}

bool PathBook::note_verdict(const model::NodeId& id, model::PathState state, model::Grade grade, base::Time now,
                            std::optional<base::Duration> steady, std::optional<base::Time> until) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  PathRecord& record = found->second;
  const bool changed = record.state != state || record.grade != grade || record.until != until;
  record.until = until;
  if (until && state == model::PathState::draining) record.drained_by = until;
  if (state == model::PathState::ended && grade == model::Grade::witnessed) record.was_witnessed = true;
  if (state == model::PathState::live) {  // a way in like any other again
    record.drained_by.reset();
    record.was_witnessed = false;
  }
  count(record, false);
  record.state = state;
  record.grade = grade;
  count(record, true);
  if (state != model::PathState::ended) {
    record.ended_at.reset();
    record.ended_steady.reset();
    record.settled = false;
  } else if (!record.ended_at) {
    record.ended_at = now;
    record.ended_steady = steady;
  }
  return changed;
}

void PathBook::note_settled(const model::NodeId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  if (found != records_.end()) found->second.settled = true;
}

void PathBook::adopt(const model::NodeId& id, const model::StepId& step) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end() || !found->second.step.empty()) return;
  by_step_[found->second.step].erase(id);
  found->second.step = step;
  by_step_[step].insert(id);
}

void PathBook::note_node(const model::Node& node) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(node.id());
  if (found == records_.end()) return;
  const std::string label = found->second.node.label;
  found->second.node = node;
  found->second.was_witnessed = false;                       // it came back, or another has its name
  if (found->second.ours) found->second.node.label = label;  // what a listing calls it does not say that it is ours
}

std::vector<PathRecord> PathBook::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<PathRecord> out;
  out.reserve(records_.size());
  for (const auto& [id, record] : records_) out.push_back(record);
  return out;
}

std::vector<PathRecord> PathBook::of_step(const model::StepId& step) const {
  const std::lock_guard lock(mutex_);
  std::vector<PathRecord> out;
  const auto found = by_step_.find(step);
  if (found == by_step_.end()) return out;
  out.reserve(found->second.size());
  for (const auto& id : found->second) out.push_back(records_.at(id));
  return out;
}

std::vector<model::NodeId> PathBook::ids_of_step(const model::StepId& step) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_step_.find(step);
  if (found == by_step_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

bool PathBook::all_ended(const model::StepId& step) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_step_.find(step);
  return found == by_step_.end() || std::all_of(found->second.begin(), found->second.end(), [this](const model::NodeId& id) {
           const model::PathState state = records_.at(id).state;
           return state == model::PathState::ended || state == model::PathState::waived;
         });
}

}  // namespace exeunt::engine
