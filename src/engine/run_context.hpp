// What the parts of one running case share. Lives as long as the run; owns nothing that must survive it (that is the journal's).
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "engine/breaker.hpp"
#include "engine/budget.hpp"
#include "engine/case_journal.hpp"
#include "engine/gate.hpp"
#include "engine/interrupts.hpp"
#include "engine/path_book.hpp"
#include "engine/prover.hpp"
#include "engine/step_secrets.hpp"
#include "engine/systems.hpp"
#include "engine/witness_book.hpp"

namespace exeunt::engine {

struct ApprovedPlan {
  plan::Plan plan;
  std::string digest;
};

/// For the progress line and for people; never evidence.
struct Progress {
  std::string words;      // "s03 warehouse end_sessions: applied"
  std::size_t ended = 0;  // paths
  std::size_t paths = 0;
};

struct RetryLimits {
  int attempts_max = 5;   // calls of one step in one run
  int reapplies_max = 3;  // of them, calls that were acknowledged and changed nothing
  base::Duration backoff_min{500};
  base::Duration backoff_max{8'000};          // doubles, half of it random
  base::Duration allowance_wait_max{20'000};  // for budget and breaker together, per call
};

struct RunContext {
  store::Store& store;
  const base::Clock& clock;
  base::Random& random;
  Systems& systems;
  const plan::Policy& policy;
  const Interrupts& interrupts;
  CaseJournal& journal;
  LastGate& gate;
  PathBook& book;
  SecretBook& secrets;
  WitnessBook& witnesses;
  Prover& prover;
  std::map<model::SystemId, std::unique_ptr<SystemBudget>>& budgets;
  std::map<model::SystemId, std::unique_ptr<Breaker>>& breakers;
  const std::vector<ApprovedPlan>& plans;
  std::stop_token stop;
  RetryLimits retry;
  base::Duration drain_wait_max{0};
  bool urgent = true;
  std::function<void(const Progress&)> progress;
  std::function<base::Status()> step_ended;  // after every step that came to an end: milestones are noted when they happen
  bool only_changes = false;                 // a watch: a listing that shows nothing new is no entry
};

/// Waits on the run's clock; false when the run was told to stop first.
[[nodiscard]] bool pause(const RunContext& context, base::Duration duration);
/// Breaker and budget of a system; false: it stayed shut for longer than the limit, or the run was told to stop.
[[nodiscard]] base::Result<bool> wait_for_allowance(const RunContext& context, const model::SystemId& system);
/// How long to wait before the call after this one (from 1): doubles, half of it random.
[[nodiscard]] base::Duration backoff(const RunContext& context, int number);
/// The newest attempt that the journal knows of a step; 0: none.
[[nodiscard]] int last_attempt(const RunContext& context, const model::StepId& step);

}  // namespace exeunt::engine
