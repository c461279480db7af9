// Runs approved cases to their end, durably: every instant of a run can be the last one of the process, and the next run goes on from the journal.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/run_context.hpp"
#include "engine/survey.hpp"

namespace exeunt::engine {

struct EngineNeeds {
  store::Store& store;
  const base::Clock& clock;
  base::Random& random;
  const base::Sealer& sealer;
  Systems& systems;
  const plan::Policy& policy;  // the present one: protected identities and blast radius count as they are now
  const Interrupts& interrupts;
  const std::vector<model::Person>& people;
  const std::map<model::NodeId, model::PersonId>& imported;
  model::TenantId tenant;
};

struct RunOptions {
  std::string operator_reference;  // "p_…" of the authenticated local user
  std::string owner;               // names this process in the lease
  RetryLimits retry;
  base::Duration drain_wait_max{0};  // how far ahead an end of draining may lie for the run to wait for it
  std::stop_token stop;
  std::function<void(const Progress&)> progress;
};

struct RunResult {
  int exit = 0;  // evidence::exit_code of the case, raised by unreachable systems and guards
  evidence::CaseFold state;
  std::vector<std::string> words;         // what a person should know: what is left, and why
  std::optional<std::string> delta;       // digest of a delta plan that waits for an approval
  std::optional<base::Time> last_closes;  // while something drains: when the last of it ends
};

/// What the watcher wants to have in the journal beside what it sees.
struct WatchNote {
  int looks = 0;                       // since the last summary; 0: no summary is due
  std::optional<base::Duration> late;  // nobody looked for this long although it was due
};
struct WatchResult {
  RunResult run;
  bool reopened = false;
  std::size_t paths = 0;
  std::size_t not_seen = 0;         // paths of which the system did not tell: what was known stays
  std::vector<std::string> failed;  // what could not be asked or listed at all
};

class Engine {  // what an exception keeps is left alone; from its end on, `run` and `probe` journal that and treat it like the rest
 public:
  explicit Engine(EngineNeeds needs) : needs_(needs) {}
  /// Blocks until the case ended, or nothing more can be done now. failed_precondition: no approval, expired before it began, catalogue changed
  /// since, or a state in which a case does not run. aborted: another process runs it. Any error of the journal ends the run at once.
  [[nodiscard]] base::Result<RunResult> run(const model::CaseId& case_id, const RunOptions& options);
  /// A look at a case in which nothing is open (closed, or waiting for a person's task): every known way in, every listing, every account of the person, known or new. Changes nothing outside and
  /// journals only what is different; what is admitted again, or new, reopens the case. failed_precondition: it is in another state.
  [[nodiscard]] base::Result<WatchResult> watch(const model::CaseId& case_id, const RunOptions& options, const WatchNote& note);
  /// Tries every path of the case once and journals the answers; changes nothing outside. A closed case in which something is admitted is reopened.
  [[nodiscard]] base::Result<RunResult> probe(const model::CaseId& case_id, const RunOptions& options);
  /// Gives back what the case took, as its approved restore plan says (plan/restore.hpp), and goes on where an earlier run of it ended. Every old
  /// way in is tried before and after, and after each account; where one is let in, what was opened is shut again and nothing further is given (exit 3).
  /// failed_precondition: the case is not closed or cancelled, its restore plan is not approved or expired before it began, something drains still.
  [[nodiscard]] base::Result<RunResult> restore(const model::CaseId& case_id, const RunOptions& options);

 private:
  EngineNeeds needs_;
};

/// 7 > 3 > 4 > 6 > 8 > 5 > 0.
[[nodiscard]] int worse_exit(int a, int b);

}  // namespace exeunt::engine
