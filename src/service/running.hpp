// Use case: run an approved case, now or at an instant, and say how it stands.
#pragma once

#include <functional>
#include <stop_token>

#include "engine/engine.hpp"
#include "service/home.hpp"
#include "service/interrupt_files.hpp"
#include "service/operators.hpp"

namespace exeunt::service {

struct RunRequest {
  model::CaseId case_id;
  std::optional<base::Time> at;      // schedule: waits in the foreground; durable, so that the next run of the case waits on or starts
  base::Duration drain_wait_max{0};  // how far ahead an end of draining may lie for the run to wait for it
  std::stop_token stop;
  std::function<void(const engine::Progress&)> progress;
};

/// Signs a checkpoint when the run came to a standstill. The index row of the case follows its state.
[[nodiscard]] base::Result<engine::RunResult> run_case(Home& home, const Operator& who, const RunRequest& request, const base::Clock& clock,
                                                       base::Random& random);

/// One look at a closed case (engine::Engine::watch); signs a checkpoint when it journalled something.
[[nodiscard]] base::Result<engine::WatchResult> watch_case(Home& home, const Operator& who, const RunRequest& request,
                                                           const engine::WatchNote& note, const base::Clock& clock, base::Random& random);

/// Tries every path of a case once and journals the answers; changes nothing. For `exeunt probe` and for a look at a closed case.
[[nodiscard]] base::Result<engine::RunResult> probe_case(Home& home, const Operator& who, const model::CaseId& case_id,
                                                         const base::Clock& clock, base::Random& random,
                                                         const std::function<void(const engine::Progress&)>& progress);

/// Signs the present head after a compare-and-set from the last signed one. Needed before every record.
[[nodiscard]] base::Status sign_checkpoint(Home& home);

/// Cancels a case that is not running here; a run elsewhere sees the request file before its next call.
[[nodiscard]] base::Result<std::string> cancel_case(Home& home, const Operator& who, const model::CaseId& case_id,
                                                    const std::string& reason, const base::Clock& clock, base::Random& random);

}  // namespace exeunt::service
