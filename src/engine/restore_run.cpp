// Engine::restore: gives back what a case took, one step after the other, and tries every old way in before, between and after.
#include <fmt/format.h>

#include <algorithm>

#include "engine/case_parts.hpp"
#include "engine/recovery.hpp"
#include "engine/restore_step.hpp"
#include "engine/stages.hpp"
#include "plan/restore.hpp"

namespace exeunt::engine {

using base::Code;
using base::Result;
using base::Status;
using model::CaseState;
using model::PathState;

namespace {

class RestoreRun : private CaseParts {
 public:
  using CaseParts::CaseParts;

  Result<RunResult> run() {
    EXEUNT_TRY(begin());
    const Heartbeat heartbeat(journal_, needs_.clock);
    StepRunner steps(context_);
    StageRunner stages(context_, steps);
    EXEUNT_TRY_ASSIGN(const bool shut, old_ways_are_shut(stages, std::nullopt));
    if (!shut) return refused_before();
    if (state_now() != CaseState::restoring) EXEUNT_TRY(journal_.state_changed(CaseState::restoring, "restored by the operator"));
    for (const auto& step : restore_.plan.steps) {
      if (step.reserve) continue;
      EXEUNT_TRY_ASSIGN(const bool on, give(stages, step));
      if (!on) return finish();
    }
    EXEUNT_TRY_ASSIGN(const bool still_shut, old_ways_are_shut(stages, std::nullopt));
    if (!still_shut) {
      EXEUNT_TRY(shut_everything());
      return finish();
    }
    EXEUNT_TRY(journal_.state_changed(CaseState::restored, "what this case took was given back; no old way in was let in"));
    return finish();
  }

 private:
  Status begin() {
    if (const auto who = needs_.interrupts.halted())
      return base::fail(Code::failed_precondition, "everything is halted: " + *who, "lift the halt with a second person");
    const evidence::CaseFold state = stream_->state();
    EXEUNT_TRY(may_be_restored(state, needs_.clock.now()));
    EXEUNT_TRY_ASSIGN(restore_, approved_restore(needs_.store, needs_.systems, state, needs_.clock.now()));
    EXEUNT_TRY_ASSIGN(plans_, approved_plans(needs_.store, needs_.systems, state, needs_.clock.now(), Catalogues::any));
    make_limits();
    EXEUNT_TRY(rebuild(book_, needs_.store, plans_, journal_));
    return settle_lost_answers(journal_);  // also of a step in reserve that an earlier run was killed in
  }

  /// Tries the old ways again (of one account's system only, where one is named), by the means of the departure. False: one is let in, or one
  /// could not be told; the words say which.
  Result<bool> old_ways_are_shut(StageRunner& stages, const std::optional<model::SystemId>& only) {
    std::mutex mutex;
    std::vector<std::string> open, unseen;
    std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
    for (const auto& way : restore_.plan.paths) {
      const model::NodeId id = way.node.id();
      if (!needs_.systems.contains(way.node.key.system) || (only && way.node.key.system != *only)) continue;
      const StepRef* const ref = stages.find(way.step);
      jobs.emplace_back(way.node.key.system,
                        [this, id, &way, step = ref == nullptr ? nullptr : ref->step, &mutex, &open, &unseen]() -> Status {
                          EXEUNT_TRY_ASSIGN(const auto now, prover_.confirm(id, step));
                          const std::lock_guard lock(mutex);
                          if (now && *now != PathState::ended) open.push_back(id.text());
                          // The old value of a rotated secret went with the closing of the case, and nothing here touches what it opens.
                          if (!now && way.node.key.kind != model::NodeKind::secret) unseen.push_back(id.text());
                          return {};
                        });
    }
    EXEUNT_TRY(stages.on_systems(jobs));
    std::sort(open.begin(), open.end());
    std::sort(unseen.begin(), unseen.end());
    for (const auto& id : open) words_.push_back("an old way in is let in again: " + id);
    for (const auto& id : unseen) words_.push_back("an old way in could not be tried again: " + id);
    if (!open.empty()) exit_ = worse_exit(exit_, 3);
    if (!unseen.empty()) exit_ = worse_exit(exit_, 4);
    return open.empty() && unseen.empty();
  }

  /// Nothing was given yet in this run. What an earlier one opened does not stay open beside an old way in.
  Result<RunResult> refused_before() {
    if (state_now() == CaseState::restoring) {
      EXEUNT_TRY(shut_everything());
      return finish();
    }
    words_.push_back("nothing was given back");
    if (exit_ == 3 && state_now() == CaseState::closed)
      EXEUNT_TRY(journal_.state_changed(CaseState::reopened, "an old way in was found open before anything was given back"));
    return finish();
  }

  /// False: the run ends here; what follows waits for another.
  Result<bool> give(StageRunner& stages, const plan::Step& step) {
    RestoreStep giving(context_, restore_);
    EXEUNT_TRY_ASSIGN(const RestoreEnd end, giving.run(step));
    words_.insert(words_.end(), giving.words().begin(), giving.words().end());
    switch (end) {
      case RestoreEnd::left_alone: return true;
      case RestoreEnd::given: break;
      case RestoreEnd::stopped: words_.push_back("stopped before its end: go on with `exeunt restore CASE --run`"); [[fallthrough]];
      case RestoreEnd::held: exit_ = worse_exit(exit_, 5); return false;
      case RestoreEnd::unreachable: exit_ = worse_exit(exit_, 6); return false;
      case RestoreEnd::failed: exit_ = worse_exit(exit_, 4); return false;
      case RestoreEnd::old_way_open:
        exit_ = worse_exit(exit_, 3);
        EXEUNT_TRY(shut_everything());
        return false;
      case RestoreEnd::old_way_unknown:
        exit_ = worse_exit(exit_, 4);
        EXEUNT_TRY(shut_everything());
        return false;
    }
    if (step.action != model::Action::restore_account) return true;
    EXEUNT_TRY_ASSIGN(const bool shut, old_ways_are_shut(stages, step.target.key.system));
    if (!shut) EXEUNT_TRY(shut_everything());
    return shut;
  }

  /// Every account that this restore opened, in this run or an earlier one: an old way in that is let in says nothing of how far it reaches.
  Status shut_everything() {
    for (const auto& step : restore_.plan.steps) {
      const plan::Step* reserve = plan::reserve_of(restore_.plan, step);
      if (reserve == nullptr || last_attempt(context_, step.id) == 0) continue;
      RestoreStep giving(context_, restore_);
      EXEUNT_TRY_ASSIGN(const bool shut, giving.shut_again(*reserve));
      words_.insert(words_.end(), giving.words().begin(), giving.words().end());
      exit_ = worse_exit(exit_, shut ? 0 : 3);
      EXEUNT_TRY(look_at_what_follows(step));
    }
    words_.push_back(
        "the restore stopped: find out how the old way in came back, then go on with `exeunt restore CASE --run`, or end the "
        "access anew by a new plan");
    return {};
  }

  /// It was shut by the lock that stands again now, which is looked at.
  Status look_at_what_follows(const plan::Step& step) {
    for (const auto& node : step.follows) {
      const auto path = book_.find(node.id());
      if (!path || path->state != PathState::restored || !needs_.systems.contains(node.key.system)) continue;
      EXEUNT_TRY_ASSIGN(const auto now, prover_.confirm(node.id(), nullptr));
      if (now && *now == PathState::ended) continue;
      words_.push_back(
          fmt::format("{} {} shut again with {}", node.id().text(), now ? "is not" : "is not shown to be", step.target.id().text()));
      exit_ = worse_exit(exit_, now ? 3 : 4);
    }
    return {};
  }

  Result<RunResult> finish() {
    RunResult result;
    EXEUNT_TRY(stream_->wait_until_durable());
    result.state = stream_->state();
    result.words = std::move(words_);
    result.exit = worse_exit(exit_, evidence::exit_code(result.state, needs_.clock.now()));
    return result;
  }

  ApprovedPlan restore_;
  int exit_ = 0;
};

}  // namespace

Result<RunResult> Engine::restore(const model::CaseId& case_id, const RunOptions& options) {
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(needs_.store, needs_.clock, needs_.random, needs_.tenant, case_id, options.owner));
  RestoreRun run(needs_, options, std::move(stream));
  return run.run();
}

}  // namespace exeunt::engine
