#include "engine/path_book.hpp"

namespace exeunt::engine {

bool PathBook::add(PathRecord record) {
  const std::lock_guard lock(mutex_);
  const model::NodeId id = record.node.id();
  return records_.emplace(id, std::move(record)).second;
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
                            std::optional<base::Duration> steady) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(id);
  if (found == records_.end()) return false;
  PathRecord& record = found->second;
  const bool changed = record.state != state || record.grade != grade;
  record.state = state;
  record.grade = grade;
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

void PathBook::note_node(const model::Node& node) {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(node.id());
  if (found != records_.end()) found->second.node = node;
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
  for (const auto& [id, record] : records_)
    if (record.step == step) out.push_back(record);
  return out;
}

}  // namespace exeunt::engine
