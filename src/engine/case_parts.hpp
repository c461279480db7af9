// What a run over one case stands on, whatever it does there: journal, gate, book, secrets, prover, and the context that its parts share.
#pragma once

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "engine/engine.hpp"

namespace exeunt::engine {

/// Renews the case's lease while the run lives, and journals a wall clock that stepped.
class Heartbeat {
 public:
  Heartbeat(CaseJournal& journal, const base::Clock& clock)
      : thread_([&journal, &clock](const std::stop_token& stop) { beat(journal, clock, stop); }) {}

 private:
  static void beat(CaseJournal& journal, const base::Clock& clock, const std::stop_token& stop);
  std::jthread thread_;
};

/// Lives as long as the run; `needs` and `options` outlive it.
class CaseParts {
 public:
  CaseParts(const EngineNeeds& needs, const RunOptions& options, std::unique_ptr<store::CaseStream> stream);
  CaseParts(const CaseParts&) = delete;
  CaseParts& operator=(const CaseParts&) = delete;

 protected:
  ~CaseParts() = default;
  [[nodiscard]] model::CaseState state_now() const;
  void make_limits();

  const EngineNeeds& needs_;
  const RunOptions& options_;
  std::unique_ptr<store::CaseStream> stream_;
  CaseJournal journal_;
  LastGate gate_;
  PathBook book_;
  SecretBook secrets_;
  WitnessBook witnesses_;  // what it holds closes when the run is over
  Prover prover_;
  std::map<model::SystemId, std::unique_ptr<SystemBudget>> budgets_;
  std::map<model::SystemId, std::unique_ptr<Breaker>> breakers_;
  std::vector<ApprovedPlan> plans_;
  RunContext context_;
  std::vector<std::string> words_;  // for the operator, at the end
};

}  // namespace exeunt::engine
