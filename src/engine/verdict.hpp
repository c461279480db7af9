// Law 2 as pure functions: when a refusal means that the way in is shut. Nothing else in Exeunt may say "refused", or "witnessed".
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
  std::string control;                             // held | missing | failed
  std::string why;                                 // for the operator
  std::optional<base::Time> until = std::nullopt;  // draining: the instant at which it ends by itself
};

/// ended(refused) only for own, gate or twin, refused after, control admitted now, and admitted before (or, where trying counts as a
/// failure, the control identity admitted before). live when the answer is admitted. Everything else unknown.
[[nodiscard]] Verdict judge(const ProbeEvidence& evidence);

enum class Listed { unknown = 0, present = 1, gone = 2 };
struct ListedNow {
  Listed listed = Listed::unknown;
  model::Completeness listing = model::Completeness::none;  // what the listing is worth that says so
};

/// A session of ours of the same kind on the same account, and the path that is judged by it: hers, or the witness itself.
struct WitnessEvidence {
  bool ours = false;                                 // the path is the witness
  bool beside = false;                               // listed together just before the call that was to end them
  std::optional<model::ProbeAnswer> before;          // the witness, used just before that call
  std::optional<model::ProbeAnswer> control_before;  // a control identity's, opened the same way, then
  std::optional<model::ProbeAnswer> after;           // the witness, used after it
  std::optional<model::ProbeAnswer> control;         // the control's, in the moment of that answer
  ListedNow path;                                    // the path that is judged, now
  ListedNow witness;                                 // the witness, now
};

/// What an earlier verdict of `witnessed` rests on: it is written only where all of this was so. `path`, whether it is listed now, is left to fill in.
[[nodiscard]] WitnessEvidence evidence_of_earlier(bool ours);

/// ended(witnessed) only where the witness was admitted just before the call beside that path, is refused after it, the control's was admitted
/// both times, and full listings show neither the witness nor the path any more. live: the path is listed, or is the witness and is
/// admitted. Everything else unknown.
[[nodiscard]] Verdict judge(const WitnessEvidence& evidence);

}  // namespace exeunt::engine
