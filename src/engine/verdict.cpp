#include "engine/verdict.hpp"

namespace exeunt::engine {
namespace {

using model::ProbeAnswer;
using model::ProbeMeans;

bool can_show_refusal(ProbeMeans means) { return means == ProbeMeans::own || means == ProbeMeans::gate || means == ProbeMeans::twin; }

bool was_open_before(const ProbeEvidence& evidence) {
  if (evidence.before == ProbeAnswer::admitted) return true;
  return evidence.trying_counts_as_failure && evidence.before_control == ProbeAnswer::admitted;
}

}  // namespace

Verdict judge(const ProbeEvidence& evidence) {
  Verdict verdict;
  verdict.control = evidence.control == ProbeAnswer::admitted ? "held" : evidence.control ? "failed" : "missing";
  if (evidence.after == ProbeAnswer::admitted) {
    verdict.state = model::PathState::live;
    verdict.why = "still admitted";
    return verdict;
  }
  if (evidence.after == ProbeAnswer::unknown) {
    verdict.why = "the answer was neither a refusal nor an admission";
    return verdict;
  }
  if (!can_show_refusal(evidence.means)) {
    verdict.why = "these means cannot show a refusal";
    return verdict;
  }
  if (evidence.control != ProbeAnswer::admitted) {
    verdict.why =
        evidence.control ? "refused, but so is the control identity: the gate refuses everybody" : "refused, but without a control";
    return verdict;
  }
  if (!was_open_before(evidence)) {
    verdict.control = "missing";
    verdict.why = "refused, but the same try was not seen admitted before the cut";
    return verdict;
  }
  verdict.state = model::PathState::ended;
  verdict.grade = model::Grade::refused;
  verdict.why = "admitted before, refused now, control identity admitted";
  return verdict;
}

}  // namespace exeunt::engine
