#include "engine/case_parts.hpp"

namespace exeunt::engine {
namespace {

constexpr base::Duration k_lease_beat{5'000};

}  // namespace

void Heartbeat::beat(CaseJournal& journal, const base::Clock& clock, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable condition;
  const std::stop_callback wake(stop, [&] {
    const std::lock_guard guard(mutex);
    condition.notify_all();
  });
  base::Duration offset = clock.now().time_since_epoch() - clock.steady();
  std::unique_lock lock(mutex);
  while (!clock.wait_for(lock, condition, k_lease_beat, [&] { return stop.stop_requested(); })) {
    static_cast<void>(journal.stream().keep_lease());  // a lost lease shows at the next append
    const base::Duration now = clock.now().time_since_epoch() - clock.steady();
    if (std::abs((now - offset).count()) > 2'000) static_cast<void>(journal.clock_stepped(now - offset));
    offset = now;
  }
}

CaseParts::CaseParts(const EngineNeeds& needs, const RunOptions& options, std::unique_ptr<store::CaseStream> stream)
    : needs_(needs),
      options_(options),
      stream_(std::move(stream)),
      journal_(needs.store, *stream_, options.operator_reference),
      gate_(needs.store, needs.systems, needs.policy, needs.interrupts, needs.clock),
      secrets_(needs.store, needs.sealer, needs.random, stream_->case_id()),
      prover_(journal_, needs.systems, book_, secrets_, witnesses_, needs.clock),
      context_{needs.store,
               needs.clock,
               needs.random,
               needs.systems,
               needs.policy,
               needs.interrupts,
               journal_,
               gate_,
               book_,
               secrets_,
               witnesses_,
               prover_,
               budgets_,
               breakers_,
               plans_,
               options.stop,
               options.retry,
               options.drain_wait_max,
               true,
               options.progress,
               {}} {}

model::CaseState CaseParts::state_now() const {
  model::CaseState state = model::CaseState::draft;
  stream_->inspect([&](const evidence::CaseFold& fold) { state = fold.state; });
  return state;
}

void CaseParts::make_limits() {
  for (const auto& [id, system] : needs_.systems) {
    budgets_.emplace(id, std::make_unique<SystemBudget>(needs_.store, id.text(), system.budget));
    breakers_.emplace(id, std::make_unique<Breaker>(needs_.clock));
  }
}

}  // namespace exeunt::engine
