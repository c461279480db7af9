// Tries ways in and says what that shows: the only writer of path states. Combines subject, control and earlier answers through judge().
#pragma once

#include "engine/case_journal.hpp"
#include "engine/path_book.hpp"
#include "engine/step_secrets.hpp"
#include "engine/systems.hpp"
#include "plan/plan.hpp"

namespace exeunt::engine {

/// Thread-safe; blocks on the systems.
class Prover {
 public:
  Prover(CaseJournal& journal, Systems& systems, PathBook& book, const SecretBook& secrets, const base::Clock& clock)
      : journal_(journal), systems_(systems), book_(book), secrets_(secrets), clock_(clock) {}

  /// Before the cut: the subject's path where trying does no harm, else the control identity. Nothing when that was answered earlier.
  [[nodiscard]] base::Status before(const model::NodeId& id, const plan::Step* step);
  /// After the cut (or settled): tries, judges, journals, updates the book. Returns the state that the path is in now.
  [[nodiscard]] base::Result<model::PathState> prove(const model::NodeId& id, const plan::Step* step, model::ProbeMoment moment);

 private:
  struct Look {
    Verdict verdict;
    model::ProbeMeans means = model::ProbeMeans::none;
    bool available = true;  // false: these means cannot be used here, take the next
  };
  [[nodiscard]] base::Result<connect::ProbeResult> try_subject(const PathRecord& path, model::ProbeMeans means, model::ProbeMoment moment,
                                                               const StepSecrets* secrets);
  [[nodiscard]] base::Result<connect::ProbeResult> try_control(const PathRecord& path, model::ProbeMeans means, model::ProbeMoment moment,
                                                               const StepSecrets* secrets);
  [[nodiscard]] base::Result<Look> look_by_probe(const PathRecord& path, const model::PathSpec& spec, model::ProbeMeans means,
                                                 model::ProbeMoment moment, const StepSecrets* secrets);
  [[nodiscard]] base::Result<Look> look_by_observing(const PathRecord& path, model::ProbeMoment moment);
  [[nodiscard]] const model::PathSpec* spec_of(const PathRecord& path) const;

  CaseJournal& journal_;
  Systems& systems_;
  PathBook& book_;
  const SecretBook& secrets_;
  const base::Clock& clock_;
};

}  // namespace exeunt::engine
