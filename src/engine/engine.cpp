#include "engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/case_parts.hpp"
#include "engine/delta.hpp"
#include "engine/recovery.hpp"
#include "engine/settling.hpp"
#include "engine/sign_in_look.hpp"
#include "model/transitions.hpp"

namespace exeunt::engine {

using base::Code;
using base::Result;
using base::Status;
using model::CaseState;
using model::PathState;
using model::Stage;

int worse_exit(int a, int b) {
  static constexpr int k_order[] = {7, 3, 4, 6, 8, 5, 2, 0};
  for (const int code : k_order)
    if (a == code || b == code) return code;
  return std::max(a, b);
}

namespace {

constexpr base::Duration k_no_limit = std::chrono::hours(24);

/// One run of one case, from start to standstill.
class CaseRun : private CaseParts {
 public:
  CaseRun(const EngineNeeds& needs, const RunOptions& options, std::unique_ptr<store::CaseStream> stream)
      : CaseParts(needs, options, std::move(stream)) {
    context_.step_ended = [this] { return note_milestones(); };
  }

  Result<RunResult> run();
  Result<RunResult> probe();
  Result<WatchResult> watch(const WatchNote& note);
  /// Told to stop, halted or asked to cancel.
  bool stopped() const {
    return options_.stop.stop_requested() || needs_.interrupts.halted() || needs_.interrupts.cancel_requested(stream_->case_id());
  }

 private:
  Status begin();
  Status expire_exceptions();
  Status find_paths();
  Status before_the_cut(StageRunner& stages);
  Status stages(StageRunner& stages);
  Status note_milestones();
  void add_words_of_exceptions(RunResult& result) const;
  Result<RunResult> finish(const std::map<model::StepId, StepEnd>& ends);
  Status wait_for_draining(RunResult& result);
  Status leave_in_state(RunResult& result, bool stopped);
  Status change_state(CaseState to, const std::string& words);

  DeltaResult delta_;
  std::mutex milestones_;
};

Status CaseRun::change_state(CaseState to, const std::string& words) {
  if (state_now() == to) return {};
  return journal_.state_changed(to, words);
}

/// What an exception kept is work again from its end on. The case is opened before that is said: a crash in between leaves an open case that
/// runs again, never a closed one in which a way in is live.
Status CaseRun::expire_exceptions() {
  const evidence::CaseFold state = stream_->state();
  if (model::is_terminal(state.state) && state.state != CaseState::closed) return {};
  for (const auto& [digest, exception] : state.exceptions) {
    if (!exception.stands() || exception.until > needs_.clock.now()) continue;
    if (state_now() == CaseState::closed) EXEUNT_TRY(journal_.state_changed(CaseState::reopened, "an exception expired"));
    EXEUNT_TRY(journal_.exception_expired(digest, fmt::format("{} ways in are work again", exception.paths.size())));
    words_.push_back(
        fmt::format("exception {} expired at {}: what it kept is work again", digest.substr(0, 12), base::to_rfc3339(exception.until)));
  }
  return {};
}

Status CaseRun::begin() {
  if (const auto who = needs_.interrupts.halted())
    return base::fail(Code::failed_precondition, "everything is halted: " + *who, "lift the halt with a second person");
  EXEUNT_TRY(expire_exceptions());
  const evidence::CaseFold state = stream_->state();
  if (state.state == CaseState::restoring)
    return base::fail(Code::failed_precondition, fmt::format("case {} is being restored", stream_->case_id().text()),
                      "go on with `exeunt restore CASE --run`, and end the access anew by a new plan");
  if (model::is_terminal(state.state))
    return base::fail(Code::failed_precondition, fmt::format("case {} is {}", stream_->case_id().text(), name(state.state)),
                      "look at it with `exeunt status`; a closed case is only read");
  EXEUNT_TRY(find_paths());
  EXEUNT_TRY(change_state(CaseState::running, "run by the operator"));
  return settle_lost_answers(journal_);
}

Status CaseRun::find_paths() {
  EXEUNT_TRY_ASSIGN(plans_, approved_plans(needs_.store, needs_.systems, stream_->state(), needs_.clock.now()));
  make_limits();
  return rebuild(book_, needs_.store, plans_, journal_);
}

Result<RunResult> CaseRun::probe() {
  EXEUNT_TRY(expire_exceptions());
  EXEUNT_TRY(find_paths());
  const Heartbeat heartbeat(journal_, needs_.clock);
  StepRunner runner(context_);
  StageRunner stage_runner(context_, runner);
  std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
  for (const auto& path : book_.all()) {
    if (!needs_.systems.contains(path.node.key.system)) continue;
    const StepRef* const ref = stage_runner.find(path.step);
    const plan::Step* step = ref == nullptr ? nullptr : ref->step;
    const model::NodeId id = path.node.id();
    jobs.emplace_back(path.node.key.system,
                      [this, id, step] { return prover_.prove(id, step, model::ProbeMoment::settled).map([](PathState) {}); });
  }
  EXEUNT_TRY(stage_runner.on_systems(jobs));
  EXEUNT_TRY(SignInLook(context_, stage_runner).look());  // last: a try that is refused says nothing of what was let in before it
  RunResult result;
  result.words = words_;
  result.exit = evidence::exit_code(stream_->state(), needs_.clock.now());
  if (state_now() == CaseState::closed && result.exit != 0) {
    EXEUNT_TRY(journal_.state_changed(CaseState::reopened, "a probe found something that is not ended"));
  }
  if (state_now() == CaseState::reopened) result.words.push_back("the case is reopened: run it again");
  add_words_of_exceptions(result);
  EXEUNT_TRY(stream_->wait_until_durable());
  result.state = stream_->state();
  return result;
}

Result<WatchResult> CaseRun::watch(const WatchNote& note) {
  const CaseState before = state_now();
  if (before != CaseState::closed && before != CaseState::waiting_person)
    return base::fail(Code::failed_precondition, fmt::format("case {} is {}", stream_->case_id().text(), name(before)),
                      "watched is what is closed or waits for a person only; run it");
  EXEUNT_TRY(find_paths());
  context_.only_changes = true;
  if (note.late)
    EXEUNT_TRY(
        journal_.watch_summary("late", note.late->count(), "nobody looked although it was due: what happened meanwhile is not known"));
  if (note.looks > 0) EXEUNT_TRY(journal_.watch_summary("quiet", note.looks, fmt::format("{} looks, nothing came back", note.looks)));
  const Heartbeat heartbeat(journal_, needs_.clock);
  StepRunner runner(context_);
  StageRunner stage_runner(context_, runner);
  Settling settling(context_, runner, stage_runner);
  WatchResult result;
  std::mutex mutex;
  std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
  for (const auto& path : book_.all()) {
    ++result.paths;
    if (!needs_.systems.contains(path.node.key.system)) continue;
    const StepRef* const ref = stage_runner.find(path.step);
    const plan::Step* step = ref == nullptr ? nullptr : ref->step;
    const model::NodeId id = path.node.id();
    jobs.emplace_back(path.node.key.system, [this, id, step, &mutex, &result]() -> Status {
      EXEUNT_TRY_ASSIGN(const Prover::Watched seen, prover_.watch(id, step));
      const std::lock_guard lock(mutex);
      if (seen == Prover::Watched::not_seen) ++result.not_seen;
      return {};
    });
  }
  EXEUNT_TRY(stage_runner.on_systems(jobs));
  EXEUNT_TRY_ASSIGN(const bool listed, settling.look_for_new());
  if (!listed) result.failed.push_back("a system could not be listed");
  EXEUNT_TRY(SignInLook(context_, stage_runner).look());  // last: a try that is refused says nothing of what was let in before it
  EXEUNT_TRY_ASSIGN(delta_, find_delta(needs_, context_));
  for (const auto& failure : delta_.failures) result.failed.push_back(failure.system.text() + ": " + failure.error.text());
  result.run.delta = delta_.digest;
  result.run.exit = evidence::exit_code(stream_->state(), needs_.clock.now());
  // An ending that can no longer be shown is said; only what is admitted, drains or is new opens the case again.
  const PathTally tally = book_.tally();
  result.reopened = delta_.digest.has_value() || !tally.open_required.empty();
  if (result.reopened) {
    EXEUNT_TRY(journal_.state_changed(before == CaseState::closed ? CaseState::reopened : CaseState::running,
                                      "the watch found a way in that is open again, or new"));
    if (delta_.digest) EXEUNT_TRY(journal_.state_changed(CaseState::waiting_approval, "a delta plan waits for an approval"));
  }
  EXEUNT_TRY(stream_->wait_until_durable());
  result.run.state = stream_->state();
  return result;
}

Status CaseRun::before_the_cut(StageRunner& stages) {
  std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
  for (const auto& ref : stages.steps())
    for (const auto& path : book_.of_step(ref.step->id)) {
      if (!needs_.systems.contains(path.node.key.system)) continue;
      const plan::Step* step = ref.step;
      const model::NodeId id = path.node.id();
      jobs.emplace_back(path.node.key.system, [this, id, step] { return prover_.before(id, step); });
    }
  return stages.on_systems(jobs);
}

Status CaseRun::stages(StageRunner& stages) {
  for (const Stage stage : model::all<Stage>()) {
    if (stopped()) return {};
    EXEUNT_TRY(stages.run(stage, stage == Stage::identity ? needs_.policy.identity_confirm_max : k_no_limit));
    EXEUNT_TRY(note_milestones());
  }
  return stages.wait_for_all();
}

Status CaseRun::note_milestones() {
  const std::lock_guard lock(milestones_);
  const PathTally tally = book_.tally();
  auto open = tally.open_required;
  open.insert(tally.waived_required.begin(), tally.waived_required.end());  // what stays by decision is not over
  const bool all = open.empty();
  const bool identity = std::none_of(open.begin(), open.end(), [&](const auto& row) {
    const auto system = needs_.systems.find(row.first);
    return system != needs_.systems.end() && system->second.identity;
  });
  if (!identity) return {};
  bool has_identity = false;
  bool has_zero = false;
  stream_->inspect([&](const evidence::CaseFold& fold) {
    has_identity = fold.identity_cut.has_value();
    has_zero = fold.zero.has_value();
  });
  if (!has_identity) EXEUNT_TRY(journal_.milestone("identity_cut", "every required path on identity systems ended"));
  if (all && !has_zero) EXEUNT_TRY(journal_.milestone("zero", "every required path ended"));
  return {};
}

Result<RunResult> CaseRun::run() {
  EXEUNT_TRY(begin());
  const Heartbeat heartbeat(journal_, needs_.clock);
  StepRunner runner(context_);
  StageRunner stage_runner(context_, runner);
  Settling settling(context_, runner, stage_runner);
  SignInLook sign_ins(context_, stage_runner);
  EXEUNT_TRY(before_the_cut(stage_runner));
  EXEUNT_TRY(sign_ins.look());  // a table of open sessions tells it only while they are open
  EXEUNT_TRY(stages(stage_runner));
  bool quiet = false;
  if (!stopped()) {
    EXEUNT_TRY_ASSIGN(quiet, settling.sweep());
    EXEUNT_TRY(settling.probe_what_is_open());
    EXEUNT_TRY(note_milestones());
  }
  if (!stopped()) {
    EXEUNT_TRY_ASSIGN(const bool settled, settling.settle());
    if (!settled) quiet = false;
    EXEUNT_TRY_ASSIGN(const bool used, sign_ins.look());
    if (used) EXEUNT_TRY(settling.end_what_is_open());
  }
  if (!stopped()) {
    // Last: everything listed and surveyed once more, after the settle windows: what came back meanwhile is cut again or becomes a delta plan.
    if (quiet) {
      EXEUNT_TRY_ASSIGN(const bool still_quiet, settling.sweep());
      EXEUNT_TRY_ASSIGN(const bool settled, settling.settle());
      quiet = still_quiet && settled;
    }
    EXEUNT_TRY_ASSIGN(delta_, find_delta(needs_, context_));
    EXEUNT_TRY(note_milestones());
  }
  if (!quiet && !stopped()) words_.push_back("something kept coming back or could not be listed: run the case again");
  return finish(stage_runner.ends());
}

Status CaseRun::leave_in_state(RunResult& result, bool was_stopped) {
  if (needs_.interrupts.cancel_requested(stream_->case_id())) {
    EXEUNT_TRY(change_state(CaseState::cancelling, "asked to cancel"));
    result.words.push_back("cancelled: what was already ended stays ended; nothing further is done");
    return change_state(CaseState::cancelled, "cancelled by the operator");
  }
  if (const auto who = needs_.interrupts.halted()) {
    EXEUNT_TRY(journal_.halted(*who));
    result.words.push_back("halted: " + *who);
    return change_state(CaseState::halted, *who);
  }
  if (was_stopped) {
    result.words.push_back("stopped before its end: run the case again");
    return {};
  }
  bool tasks_open = false;
  for (const auto& [task, state] : stream_->state().tasks) tasks_open = tasks_open || state != "done";
  if (result.delta) {
    result.words.push_back("a delta plan waits for an approval: exeunt approval show " + result.delta->substr(0, 12));
    return change_state(CaseState::waiting_approval, "a delta plan waits for an approval");
  }
  if (result.exit == 8) return wait_for_draining(result);
  if (result.exit != 0) return {};
  if (tasks_open) return change_state(CaseState::waiting_person, "tasks of named persons are open");
  EXEUNT_TRY(needs_.store.drop_sealed(stream_->case_id()));
  return change_state(CaseState::closed, book_.tally().waived_required.empty()
                                             ? "every required path ended at its grade"
                                             : "every required path ended at its grade, or stays by an exception");
}

/// Durable, so that any later process knows when to look again.
Status CaseRun::wait_for_draining(RunResult& result) {
  std::optional<base::Time> next;
  for (const auto& path : book_.all()) {
    if (path.state != PathState::draining || !path.until) continue;
    if (!next || *path.until < *next) next = path.until;
    if (!result.last_closes || *path.until > *result.last_closes) result.last_closes = path.until;
  }
  if (next) EXEUNT_TRY(needs_.store.put_timer({"drain/" + stream_->case_id().text(), stream_->case_id(), *next, "{}"}));
  if (result.last_closes) result.words.push_back("last way in closes at " + base::to_rfc3339(*result.last_closes));
  return change_state(CaseState::waiting_draining, "only draining is left");
}

void CaseRun::add_words_of_exceptions(RunResult& result) const {
  for (const auto& [digest, exception] : stream_->state().exceptions)
    if (exception.stands())
      result.words.push_back(fmt::format("{} way{} in stay{} by exception {} until {}", exception.paths.size(),
                                         exception.paths.size() == 1 ? "" : "s", exception.paths.size() == 1 ? "s" : "",
                                         digest.substr(0, 12), base::to_rfc3339(exception.until)));
}

Result<RunResult> CaseRun::finish(const std::map<model::StepId, StepEnd>& ends) {
  RunResult result;
  result.words = words_;
  result.delta = delta_.digest;
  result.exit = evidence::exit_code(stream_->state(), needs_.clock.now());
  const bool was_stopped = stopped();
  for (const auto& [step, end] : ends) {
    if (end == StepEnd::held) result.exit = worse_exit(result.exit, 5);
    if (end == StepEnd::unreachable) result.exit = worse_exit(result.exit, 6);
    if (end == StepEnd::failed) result.exit = worse_exit(result.exit, 4);
    if (end == StepEnd::held) result.words.push_back(step.text() + " is held by the last gate");
    if (end == StepEnd::waived) result.words.push_back(step.text() + " is held back: it would end what an exception keeps");
  }
  add_words_of_exceptions(result);
  for (const auto& failure : delta_.failures) {
    result.exit = worse_exit(result.exit, 6);
    result.words.push_back(failure.system.text() + " could not be asked: " + failure.error.text());
  }
  if (result.delta) result.exit = worse_exit(result.exit, 5);
  if (was_stopped) result.exit = worse_exit(result.exit, 5);
  EXEUNT_TRY(leave_in_state(result, was_stopped));
  // After the state: a crash before leaves a timer too many, which finds nothing to do, never one too few.
  if (!result.last_closes) EXEUNT_TRY(needs_.store.drop_timer("drain/" + stream_->case_id().text()));
  EXEUNT_TRY(stream_->wait_until_durable());
  EXEUNT_TRY(needs_.store.drop_timer("settle/" + stream_->case_id().text()));
  result.state = stream_->state();
  return result;
}

}  // namespace

Result<RunResult> Engine::run(const model::CaseId& case_id, const RunOptions& options) {
  for (;;) {
    EXEUNT_TRY_ASSIGN(auto stream,
                      store::CaseStream::open(needs_.store, needs_.clock, needs_.random, needs_.tenant, case_id, options.owner));
    CaseRun run(needs_, options, std::move(stream));
    EXEUNT_TRY_ASSIGN(RunResult result, run.run());
    // An exception that came to its end meanwhile is work of this run too. Each round journals at least one such end, and while a run holds the
    // case none can be asked for or approved: the rounds are as many as the exceptions.
    if (result.state.state != CaseState::running || !evidence::has_expired(result.state, needs_.clock.now()) || run.stopped())
      return result;
  }
}

Result<WatchResult> Engine::watch(const model::CaseId& case_id, const RunOptions& options, const WatchNote& note) {
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(needs_.store, needs_.clock, needs_.random, needs_.tenant, case_id, options.owner));
  CaseRun run(needs_, options, std::move(stream));
  return run.watch(note);
}

Result<RunResult> Engine::probe(const model::CaseId& case_id, const RunOptions& options) {
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(needs_.store, needs_.clock, needs_.random, needs_.tenant, case_id, options.owner));
  CaseRun run(needs_, options, std::move(stream));
  return run.probe();
}

}  // namespace exeunt::engine
