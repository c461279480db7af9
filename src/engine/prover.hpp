// Tries ways in and says what that shows: the only writer of path states. Combines subject, control and earlier answers through judge().
#pragma once

#include "engine/case_journal.hpp"
#include "engine/path_book.hpp"
#include "engine/step_secrets.hpp"
#include "engine/systems.hpp"
#include "engine/witness_book.hpp"
#include "plan/plan.hpp"

namespace exeunt::engine {

/// Thread-safe; blocks on the systems.
class Prover {
 public:
  Prover(CaseJournal& journal, Systems& systems, PathBook& book, const SecretBook& secrets, WitnessBook& witnesses,
         const base::Clock& clock)
      : journal_(journal), systems_(systems), book_(book), secrets_(secrets), witnesses_(witnesses), clock_(clock) {}

  /// Before the cut: the subject's path where trying does no harm, else the control identity. Nothing when that was answered earlier.
  [[nodiscard]] base::Status before(const model::NodeId& id, const plan::Step* step);
  /// After the cut (or settled): tries, judges, journals, updates the book. Returns the state that the path is in now.
  [[nodiscard]] base::Result<model::PathState> prove(const model::NodeId& id, const plan::Step* step, model::ProbeMoment moment);

  /// The same for a way that ended and has to stay so: nullopt, and nothing is journalled, where the system did not tell.
  [[nodiscard]] base::Result<std::optional<model::PathState>> confirm(const model::NodeId& id, const plan::Step* step);

  enum class Watched { unchanged, changed, not_seen };
  /// A look at a path of a case that is over: journalled only when something is different, and then looked at a second time. not_seen: the
  /// system did not tell; what was known stays.
  [[nodiscard]] base::Result<Watched> watch(const model::NodeId& id, const plan::Step* step);

 private:
  struct Look {
    Verdict verdict;
    model::ProbeMeans means = model::ProbeMeans::none;
    bool available = true;  // false: these means cannot be used here, take the next
    std::vector<Sight> sights;
  };
  struct Try {
    const PathRecord& path;
    model::ProbeMoment moment;
    const StepSecrets* secrets = nullptr;
  };
  [[nodiscard]] base::Result<connect::ProbeResult> try_subject(const Try& attempt, model::ProbeMeans means);
  [[nodiscard]] base::Result<connect::ProbeResult> try_control(const Try& attempt, model::ProbeMeans means);
  [[nodiscard]] base::Result<Look> look_by_probe(const Try& attempt, const model::PathSpec& spec, model::ProbeMeans means);
  /// By the session of ours that was held beside it, here or in an earlier process of which `witnessed` is written and it was not listed since.
  /// Not available where there is none, or where it shows nothing: then the listing alone decides.
  [[nodiscard]] base::Result<Look> look_by_witness(const Try& attempt, const plan::Step* step);
  [[nodiscard]] base::Result<Look> look_by(model::ProbeMeans means, const Try& attempt, const model::PathSpec& spec,
                                           const plan::Step* step);
  [[nodiscard]] base::Result<Look> look_by_observing(const Try& attempt);
  [[nodiscard]] base::Result<Look> best_look(const PathRecord& path, const plan::Step* step, model::ProbeMoment moment);
  /// Book and journal say what the look shows.
  [[nodiscard]] base::Status take(const PathRecord& path, const plan::Step* step, model::ProbeMoment moment, const Look& look);
  void drain(Verdict& verdict, std::optional<base::Time> until) const;
  [[nodiscard]] const model::PathSpec* spec_of(const PathRecord& path) const;

  CaseJournal& journal_;
  Systems& systems_;
  PathBook& book_;
  const SecretBook& secrets_;
  WitnessBook& witnesses_;
  const base::Clock& clock_;
};

}  // namespace exeunt::engine
