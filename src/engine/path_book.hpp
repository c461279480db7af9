// What a run knows of each way in while it runs: the path, its evidence so far, and its state. Rebuilt from the journal at every start.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.hpp"
#include "engine/verdict.hpp"
#include "model/node.hpp"

namespace exeunt::engine {

struct PathRecord {
  model::Node node;
  bool required = true;
  bool ours = false;  // opened by this case (a witness)
  model::Grade grade_required = model::Grade::read_back;
  model::StepId step;  // the step that ends it; empty: found but not covered by an approved step
  model::PathState state = model::PathState::live;
  model::Grade grade = model::Grade::unknown;
  std::optional<model::ProbeAnswer> before, before_control;
  std::optional<base::Time> ended_at;          // wall clock, for the settle re-probe after a restart
  std::optional<base::Duration> ended_steady;  // the same on the monotonic clock, when it ended in this process
  bool settled = false;
  bool found_elsewhere = false;          // by the listing of another step; its own has not met it yet
  bool was_witnessed = false;            // shown by a session of ours, in whatever process, and not listed again since
  std::optional<base::Time> until;       // draining, waived
  std::optional<base::Time> drained_by;  // the last `until`, kept after the end: a look by another process must not begin the wait anew
};

/// Counted while records change: asked after every step, and a case may have ten thousand paths.
struct PathTally {
  std::size_t paths = 0;
  std::size_t ended = 0;
  std::size_t waived = 0;
  std::map<model::SystemId, std::size_t> open_required;    // neither ended nor waived; systems without one are not in it
  std::map<model::SystemId, std::size_t> waived_required;  // open too, by decision: no milestone is reached over it
};

/// Thread-safe; records are copied in and out.
class PathBook {
 public:
  /// True when the path was not known.
  bool add(PathRecord record);
  /// Held while a way in that was listed is journalled and then added, and from before a witness is opened until it is: two steps of one system
  /// that list the same at once journal it once, nobody probes what is not journalled yet, and a session of ours is never taken for hers. Blocks
  /// while another holds it.
  [[nodiscard]] std::unique_lock<std::mutex> finding(const model::SystemId& system);
  [[nodiscard]] bool knows(const model::NodeId& id) const;
  /// True once for a path that another step's listing showed: its own step meets it now.
  [[nodiscard]] bool meet(const model::NodeId& id, const model::StepId& step);
  [[nodiscard]] std::optional<PathRecord> find(const model::NodeId& id) const;
  void note_before(const model::NodeId& id, std::optional<model::ProbeAnswer> before, std::optional<model::ProbeAnswer> control);
  /// Returns whether state, grade or `until` differ from what was known.
  bool note_verdict(const model::NodeId& id, model::PathState state, model::Grade grade, base::Time now,
                    std::optional<base::Duration> steady = std::nullopt, std::optional<base::Time> until = std::nullopt);
  void note_settled(const model::NodeId& id);
  /// A path that no step has yet (found in an earlier run, read from the journal) belongs to this one from now on.
  void adopt(const model::NodeId& id, const model::StepId& step);
  void note_node(const model::Node& node);                                         // newer facts (a pid, a DN) of a known path
  [[nodiscard]] std::vector<PathRecord> all() const;                               // sorted by node id
  [[nodiscard]] std::vector<PathRecord> of_step(const model::StepId& step) const;  // sorted by node id
  [[nodiscard]] std::vector<model::NodeId> ids_of_step(const model::StepId& step) const;
  [[nodiscard]] bool all_ended(const model::StepId& step) const;  // or waived; also when it has no path
  [[nodiscard]] std::vector<model::NodeKey> keys_of(const model::SystemId& system, model::NodeKind kind) const;
  [[nodiscard]] PathTally tally() const;

 private:
  void count(const PathRecord& record, bool in);  // under mutex_, before and after every change of a state

  mutable std::mutex mutex_;                       // held for moments only
  std::map<model::SystemId, std::mutex> finding_;  // held over a journal entry, or the opening of a witness
  std::map<model::NodeId, PathRecord> records_;
  std::map<model::StepId, std::set<model::NodeId>> by_step_;
  PathTally tally_;
};

}  // namespace exeunt::engine
