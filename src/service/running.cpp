#include "service/running.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "engine/run_context.hpp"
#include "model/transitions.hpp"
#include "service/watching.hpp"
#include "service/who.hpp"

namespace exeunt::service {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr base::Duration k_sign_lease{10'000};
constexpr base::Duration k_schedule_look{1'000};

std::string owner_name() { return fmt::format("pid {}", ::getpid()); }

Status update_row(store::Store& store, const model::CaseId& case_id, model::CaseState state) {
  EXEUNT_TRY_ASSIGN(store::CaseRow row, store.find_case(case_id));
  row.state = state;
  return store.put_case(row);
}

engine::EngineNeeds needs_of(Home& home, const engine::Interrupts& interrupts, const base::Clock& clock, base::Random& random) {
  return {*home.store, clock, random, *home.sealer, home.systems, home.policy, interrupts, home.people, home.imported, home.config.tenant};
}

/// Journals the schedule once; ok(false): told to stop while waiting.
Result<bool> wait_until(Home& home, const Operator& who, const RunRequest& request, const InterruptFiles& interrupts,
                        const base::Clock& clock, base::Random& random) {
  base::Time due{};
  {
    EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(*home.store, clock, random, home.config.tenant, request.case_id, owner_name()));
    const auto state = stream->state();
    if (request.at && state.state == model::CaseState::waiting_approval) {
      EXEUNT_TRY_ASSIGN(const std::string actor, person_reference(*home.store, home.people, who.person));
      engine::CaseJournal journal(*home.store, *stream, actor);
      EXEUNT_TRY(journal.state_changed(model::CaseState::scheduled, "scheduled by the operator", request.at));
      EXEUNT_TRY(home.store->put_timer({"schedule/" + request.case_id.text(), request.case_id, *request.at, "{}"}));
      due = *request.at;
    } else if (state.state == model::CaseState::scheduled && state.scheduled_at) {
      due = *state.scheduled_at;
    }
  }
  EXEUNT_TRY(update_row(*home.store, request.case_id, model::CaseState::scheduled));
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  const std::stop_callback wake(request.stop, [&] {
    const std::lock_guard guard(mutex);
    condition.notify_all();
  });
  while (clock.now() < due) {
    if (request.progress) request.progress({"scheduled for " + base::to_rfc3339(due), 0, 0});
    clock.wait_for(lock, condition, k_schedule_look, [&] { return request.stop.stop_requested(); });
    if (request.stop.stop_requested() || interrupts.cancel_requested(request.case_id)) return false;
  }
  EXEUNT_TRY(home.store->drop_timer("schedule/" + request.case_id.text()));
  return true;
}

}  // namespace

Status sign_checkpoint(Home& home) {
  EXEUNT_TRY_ASSIGN(const store::Fence fence, home.store->acquire_lease("sign", owner_name(), k_sign_lease));
  const auto signed_note = home.store->sign_checkpoint(*home.log_key, fence);
  EXEUNT_TRY(home.store->release_lease(fence));
  if (!signed_note) return base::fail(signed_note.error());
  return {};
}

Result<engine::RunResult> run_case(Home& home, const Operator& who, const RunRequest& request, const base::Clock& clock,
                                   base::Random& random) {
  const InterruptFiles interrupts(home.config.home);
  EXEUNT_TRY_ASSIGN(const store::CaseRow row, home.store->find_case(request.case_id));
  if (row.subject == who.person) return base::fail(Code::permission_denied, "nobody runs their own departure", "another operator does");
  if (request.at || row.state == model::CaseState::scheduled) {
    EXEUNT_TRY_ASSIGN(const bool due, wait_until(home, who, request, interrupts, clock, random));
    if (!due) return base::fail(Code::cancelled, "stopped while waiting for its time", "run the case again: the schedule is kept");
  }
  engine::RunOptions options;
  EXEUNT_TRY_ASSIGN(options.operator_reference, person_reference(*home.store, home.people, who.person));
  options.owner = owner_name();
  options.stop = request.stop;
  options.progress = request.progress;
  options.drain_wait_max = request.drain_wait_max;
  engine::Engine engine(needs_of(home, interrupts, clock, random));
  EXEUNT_TRY_ASSIGN(const bool expected, expect_end(home, request.case_id, clock.now()));
  auto result = engine.run(request.case_id, options);
  if (!result && expected && result.error().code == Code::failed_precondition) expect_nothing(home, request.case_id);
  if (result) {
    EXEUNT_TRY(update_row(*home.store, request.case_id, result->state.state));
    EXEUNT_TRY(schedule_watch(home, request.case_id, result->state.state, clock.now()));
    if (result->state.state == model::CaseState::cancelled) interrupts.drop_cancel(request.case_id);
    EXEUNT_TRY(sign_checkpoint(home));
  }
  return result;
}

Result<engine::RunResult> probe_case(Home& home, const Operator& who, const model::CaseId& case_id, const base::Clock& clock,
                                     base::Random& random, const std::function<void(const engine::Progress&)>& progress) {
  const InterruptFiles interrupts(home.config.home);
  engine::RunOptions options;
  EXEUNT_TRY_ASSIGN(options.operator_reference, person_reference(*home.store, home.people, who.person));
  options.owner = owner_name();
  options.progress = progress;
  engine::Engine engine(needs_of(home, interrupts, clock, random));
  auto result = engine.probe(case_id, options);
  if (result) EXEUNT_TRY(update_row(*home.store, case_id, result->state.state));
  return result;
}

Result<engine::WatchResult> watch_case(Home& home, const Operator& who, const RunRequest& request, const engine::WatchNote& note,
                                       const base::Clock& clock, base::Random& random) {
  const InterruptFiles interrupts(home.config.home);
  engine::RunOptions options;
  EXEUNT_TRY_ASSIGN(options.operator_reference, person_reference(*home.store, home.people, who.person));
  options.owner = owner_name();
  options.stop = request.stop;
  options.progress = request.progress;
  EXEUNT_TRY_ASSIGN(const auto before, home.store->tree_head());
  engine::Engine engine(needs_of(home, interrupts, clock, random));
  auto result = engine.watch(request.case_id, options, note);
  EXEUNT_TRY_ASSIGN(const auto after, home.store->tree_head());
  if (result) EXEUNT_TRY(update_row(*home.store, request.case_id, result->run.state.state));
  if (after.size != before.size) EXEUNT_TRY(sign_checkpoint(home));
  return result;
}

Result<std::string> cancel_case(Home& home, const Operator& who, const model::CaseId& case_id, const std::string& reason,
                                const base::Clock& clock, base::Random& random) {
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(*home.store, clock, random, home.config.tenant, case_id, owner_name()));
  const auto state = stream->state().state;
  if (model::is_terminal(state))
    return base::fail(Code::failed_precondition, fmt::format("case {} is {}", case_id.text(), name(state)), "there is nothing to cancel");
  EXEUNT_TRY_ASSIGN(const std::string actor, person_reference(*home.store, home.people, who.person));
  engine::CaseJournal journal(*home.store, *stream, actor);
  if (!model::may_change(state, model::CaseState::cancelled)) {
    EXEUNT_TRY(journal.state_changed(model::CaseState::cancelling, reason));
  }
  EXEUNT_TRY(journal.state_changed(model::CaseState::cancelled, reason));
  EXEUNT_TRY(update_row(*home.store, case_id, model::CaseState::cancelled));
  InterruptFiles(home.config.home).drop_cancel(case_id);
  return fmt::format("case {} is cancelled; what was already ended stays ended", case_id.text());
}

}  // namespace exeunt::service
