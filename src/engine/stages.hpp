// Runs the steps of all approved plans stage by stage; inside a stage every system works through its own queue.
#pragma once

#include <condition_variable>
#include <map>
#include <set>

#include "engine/step_runner.hpp"
#include "engine/system_queue.hpp"

namespace exeunt::engine {

struct StepRef {
  const ApprovedPlan* plan = nullptr;
  const plan::Step* step = nullptr;
};

class StageRunner {
 public:
  StageRunner(RunContext& context, StepRunner& runner);

  /// Blocks until every step of the stage came to its end, or `wait_max` passed (an identity provider that is down holds downstream work no
  /// longer than the policy says; its steps go on beside the next stage).
  [[nodiscard]] base::Status run(model::Stage stage, base::Duration wait_max);
  /// Runs these steps again (something is open or came back); blocks until all came to their end.
  [[nodiscard]] base::Status again(const std::vector<StepRef>& steps);
  /// Runs `job` on the system's own queue for each; blocks until all are done. For probes.
  [[nodiscard]] base::Status on_systems(const std::vector<std::pair<model::SystemId, std::function<base::Status()>>>& jobs);
  [[nodiscard]] base::Status wait_for_all();

  [[nodiscard]] const std::vector<StepRef>& steps() const { return steps_; }
  [[nodiscard]] const StepRef* find(const model::StepId& step) const;  // nullptr: no approved plan has it
  [[nodiscard]] std::map<model::StepId, StepEnd> ends() const;

 private:
  void start(const std::vector<const StepRef*>& refs);  // under mutex_
  void ended(const model::StepId& step, const base::Result<StepEnd>& end);
  /// Ended in an earlier run, with all its paths: the sweep lists it anew, the call need not be made again.
  [[nodiscard]] bool was_done(const plan::Step& step) const;
  [[nodiscard]] bool ready(const plan::Step& step) const;  // under mutex_
  [[nodiscard]] base::Status drive(const std::vector<StepRef>& wanted, base::Duration wait_max);

  RunContext& context_;
  StepRunner& runner_;
  std::vector<StepRef> steps_;
  std::map<model::StepId, std::size_t> by_id_;                   // index into steps_
  std::map<model::StepId, std::vector<std::size_t>> following_;  // the steps that have this one in their `after`
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<model::StepId, StepEnd> ends_;
  std::vector<model::StepId> just_ended_;  // not looked at by drive() yet
  std::set<model::StepId> running_;
  std::set<model::StepId> open_;  // wanted by drive() and without an end
  base::Status broken_;
  std::map<model::SystemId, std::unique_ptr<SystemQueue>> queues_;  // last: stopped before what their jobs use
};

}  // namespace exeunt::engine
