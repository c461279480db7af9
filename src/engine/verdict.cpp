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

namespace {

bool is_gone(const ListedNow& now) { return now.listed == Listed::gone && now.listing == model::Completeness::full; }

/// Why this witness shows nothing; empty: it shows that the path ended.
std::string shows_nothing(const WitnessEvidence& evidence) {
  if (!evidence.after || evidence.after == ProbeAnswer::unknown) return "our session gave no answer";
  if (evidence.after == ProbeAnswer::admitted) return "our session on the same account is still admitted";
  if (evidence.before != ProbeAnswer::admitted || !evidence.beside)
    return "our session is refused, but was not admitted beside this one just before the call";
  if (evidence.control != ProbeAnswer::admitted || evidence.control_before != ProbeAnswer::admitted)
    return evidence.control == ProbeAnswer::refused ? "our session is refused, but so is the control identity's"
                                                    : "our session is refused, but without a control";
  if (!is_gone(evidence.path) || !is_gone(evidence.witness)) return "our session is refused, but no full listing shows that both are gone";
  return {};
}

}  // namespace

WitnessEvidence evidence_of_earlier(bool ours) {
  WitnessEvidence evidence;
  evidence.ours = ours;
  evidence.beside = true;
  evidence.before = evidence.control_before = evidence.control = ProbeAnswer::admitted;
  evidence.after = ProbeAnswer::refused;
  evidence.witness = {Listed::gone, model::Completeness::full};
  return evidence;
}

Verdict judge(const WitnessEvidence& evidence) {
  Verdict verdict;
  const bool held = evidence.control == ProbeAnswer::admitted && evidence.control_before == ProbeAnswer::admitted;
  verdict.control = held ? "held" : evidence.control ? "failed" : "missing";
  if (evidence.path.listed == Listed::present || (evidence.ours && evidence.after == ProbeAnswer::admitted)) {
    verdict.state = model::PathState::live;
    verdict.why = evidence.path.listed == Listed::present ? "still listed" : "our session is still admitted";
    return verdict;
  }
  verdict.why = shows_nothing(evidence);
  if (!verdict.why.empty()) return verdict;
  verdict.state = model::PathState::ended;
  verdict.grade = model::Grade::witnessed;
  verdict.why = "a session of ours beside it was admitted before and is refused now, the control's is admitted, and neither is listed";
  return verdict;
}

}  // namespace exeunt::engine
