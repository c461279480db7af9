// What a run finds when it starts: approved plans, paths with their evidence so far, steps whose answer was lost with the process.
#pragma once

#include "engine/run_context.hpp"

namespace exeunt::engine {

/// The case's approved plans of the departure, checked against their digests and against the catalogues of today. failed_precondition: none approved, the approval
/// had expired when the run began, or a catalogue is not the one that was approved.
enum class Catalogues { as_approved, any };  // any: only what was done is read from the plans, nothing further is done by them
[[nodiscard]] base::Result<std::vector<ApprovedPlan>> approved_plans(store::Store& store, const Systems& systems,
                                                                     const evidence::CaseFold& state, base::Time now,
                                                                     Catalogues catalogues = Catalogues::as_approved);

/// The case's approved restore plan, checked alike. failed_precondition: none, or its approval had expired when the restore began.
[[nodiscard]] base::Result<ApprovedPlan> approved_restore(store::Store& store, const Systems& systems, const evidence::CaseFold& state,
                                                          base::Time now);

/// Fills the book from the plans and from everything that the journal says about paths (found while running, answers, states).
[[nodiscard]] base::Status rebuild(PathBook& book, store::Store& store, const std::vector<ApprovedPlan>& plans, CaseJournal& journal);

/// Every intent without an outcome becomes outcome_unknown (law 5).
[[nodiscard]] base::Status settle_lost_answers(CaseJournal& journal);

}  // namespace exeunt::engine
