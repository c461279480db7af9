// The state machines of cases, steps and paths: one table each, changed through one function, tested over every ordered pair.
#pragma once

#include "base/result.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::model {

/// failed_precondition with both names when the table does not have the pair. A state may not "change" to itself.
[[nodiscard]] base::Status may_change(CaseState from, CaseState to);
[[nodiscard]] base::Status may_change(StepState from, StepState to);
[[nodiscard]] base::Status may_change(PathState from, PathState to);
/// closed, cancelled, superseded, restored: nothing runs any more by itself.
[[nodiscard]] bool is_terminal(CaseState state);

}  // namespace exeunt::model
