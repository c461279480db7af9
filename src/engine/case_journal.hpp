// Writes the entries of one running case: every kind of leaf that the engine makes, with names turned into references.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/json.hpp"
#include "connect/connector.hpp"
#include "engine/verdict.hpp"
#include "model/node.hpp"
#include "store/case_stream.hpp"

namespace exeunt::engine {

/// Thread-safe. What something outside depends on is durable when the call returns ok. What was only seen (an answer, a look, a verdict, an
/// outcome) keeps its place and becomes durable with the next entry that is waited for: a crash loses the sight of it, never an effect, and
/// the restart looks again. After an error of either kind nothing further may be changed outside (fail closed).
class CaseJournal {
 public:
  CaseJournal(store::Store& store, store::CaseStream& stream, std::string actor)
      : store_(store), stream_(stream), actor_(std::move(actor)) {}

  [[nodiscard]] base::Status state_changed(model::CaseState state, const std::string& words,
                                           std::optional<base::Time> until = std::nullopt);
  [[nodiscard]] base::Status path_found(const model::Node& node, bool required, model::Grade grade, const std::string& witness);
  [[nodiscard]] base::Status listed(const model::Listing& listing);
  [[nodiscard]] base::Status gap_declared(const model::Gap& gap);
  [[nodiscard]] base::Status plan_compiled(const std::string& name, const std::string& digest, const std::string& words);

  /// Durable before the call goes out (law 1).
  [[nodiscard]] base::Status step_intended(const model::StepId& step, int attempt, const model::Node& target, const base::Json& details);
  /// Not waited for: without it a restart takes the intent for outcome_unknown.
  [[nodiscard]] base::Status step_outcome(const model::StepId& step, int attempt, model::StepState outcome, const std::string& words);
  [[nodiscard]] base::Status gate_refused(const model::StepId& step, const std::string& guard, const std::string& words);

  // Seen, and not waited for: the next three.
  [[nodiscard]] base::Status probed(const model::Node& target, model::ProbeMoment moment, const connect::ProbeResult& result);
  [[nodiscard]] base::Status observed(const model::Node& target, model::ProbeMoment moment, const connect::Observation& observation);
  [[nodiscard]] base::Status path_changed(const model::Node& target, const model::StepId& step, const Verdict& verdict,
                                          model::ProbeMeans means);
  [[nodiscard]] base::Status task_changed(const model::Node& task, const std::string& outcome, const std::string& words);
  [[nodiscard]] base::Status milestone(const std::string& which, const std::string& words);
  [[nodiscard]] base::Status halted(const std::string& words);
  [[nodiscard]] base::Status clock_stepped(base::Duration by);

  [[nodiscard]] base::Result<std::string> reference(const model::Node& node);
  [[nodiscard]] store::CaseStream& stream() { return stream_; }

 private:
  [[nodiscard]] base::Status write(evidence::Leaf leaf, base::JsonObject payload);
  [[nodiscard]] base::Status write_later(evidence::Leaf leaf, base::JsonObject payload);

  store::Store& store_;
  store::CaseStream& stream_;
  std::string actor_;  // reference of the operator
  std::mutex mutex_;
  std::map<std::string, std::string> references_;  // node id -> "n_…"
};

}  // namespace exeunt::engine
