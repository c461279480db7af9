// Use case: do what is due. Closed cases are looked at on the policy's schedule; what waits for an instant (a scheduled run, an end of draining, a
// settle window that a process did not live to see) is run when it has come. Timers live in the store: whoever watches next goes on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/running.hpp"

namespace exeunt::service {

/// One case that was due.
struct WatchRound {
  model::CaseId case_id;
  bool ran = false;  // run, and not only looked at
  int exit = 0;      // as of `exeunt run`; 4 too when it was due and nobody looked for longer than one period
  bool reopened = false;
  std::vector<std::string> words;
};

/// When the next timer of any case is due; nullopt: nothing waits.
[[nodiscard]] base::Result<std::optional<base::Time>> next_due(store::Store& store);
/// Watches that are overdue by more than a period, in words: nobody is watching. For `status` and `doctor`.
[[nodiscard]] base::Result<std::vector<std::string>> overdue_watches(Home& home, base::Time now);
/// Does everything that is due now, once. A case that could not be looked at stays due and says why in its words; only an error of the store
/// itself is an error here. Blocks.
[[nodiscard]] base::Result<std::vector<WatchRound>> watch_due(Home& home, const Operator& who, const std::stop_token& stop,
                                                              const base::Clock& clock, base::Random& random,
                                                              const std::function<void(const engine::Progress&)>& progress);
/// Before a run: durable, so that a run that is killed, also between its end and schedule_watch, is found by the next watch. ok(false): the case
/// has a timer already.
[[nodiscard]] base::Result<bool> expect_end(Home& home, const model::CaseId& case_id, base::Time now);
/// Takes back what expect_end put: the run was refused before it began.
void expect_nothing(Home& home, const model::CaseId& case_id);
/// After a run: a case in which nothing is open (closed, or waiting for a person's task) is watched from now on, any other is not.
[[nodiscard]] base::Status schedule_watch(Home& home, const model::CaseId& case_id, model::CaseState state, base::Time now);

}  // namespace exeunt::service
