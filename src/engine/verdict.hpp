// Law 2 as one pure function: when a refusal means that the way in is shut. Nothing else in Exeunt may say "refused".
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::engine {

struct ProbeEvidence {
  model::ProbeMeans means = model::ProbeMeans::none;
  bool trying_counts_as_failure = false;             // PathSpec: then the subject is not tried before the cut
  std::optional<model::ProbeAnswer> before;          // same probe, same subject, same place, before the cut
  std::optional<model::ProbeAnswer> before_control;  // the identical call on the control identity, before the cut
  model::ProbeAnswer after = model::ProbeAnswer::unknown;
  std::optional<model::ProbeAnswer> control;  // the identical call on the control identity, now
};

struct Verdict {
  model::PathState state = model::PathState::unknown;
  model::Grade grade = model::Grade::unknown;
  std::string control;  // held | missing | failed
  std::string why;      // for the operator
  std::optional<base::Time> until;  // draining: the instant at which it ends by itself
};

/// ended(refused) only for own, gate or twin, refused after, control admitted now, and admitted before (or, where trying counts as a
/// failure, the control identity admitted before). live when the answer is admitted. Everything else unknown.
[[nodiscard]] Verdict judge(const ProbeEvidence& evidence);

}  // namespace exeunt::engine
