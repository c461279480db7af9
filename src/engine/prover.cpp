#include "engine/prover.hpp"

namespace exeunt::engine {

using connect::Presence;
using connect::ProbeResult;
using model::Grade;
using model::PathState;
using model::ProbeAnswer;
using model::ProbeMeans;
using model::ProbeMoment;

namespace {

/// A system that did not answer before the cut is asked again: without that answer no later refusal counts.
bool is_answer(const std::optional<ProbeAnswer>& before) { return before && *before != ProbeAnswer::unknown; }

bool tries_the_gate(ProbeMeans means) { return means == ProbeMeans::own || means == ProbeMeans::gate || means == ProbeMeans::twin; }

connect::ProbeRequest request_for(const PathRecord& path, ProbeMeans means, ProbeMoment moment, const StepSecrets* secrets) {
  connect::ProbeRequest request;
  request.target = path.node;
  request.means = means;
  request.moment = moment;
  if (secrets != nullptr) {
    if (!secrets->old_value.empty()) request.old_secret = &secrets->old_value;
    if (!secrets->new_value.empty()) request.new_secret = &secrets->new_value;
  }
  return request;
}

/// Whom the control answers of a kind speak of: a path of nobody's case.
model::Node control_identity(const model::Node& node) {
  model::Node control;
  control.key = {node.key.system, node.key.kind, "control"};
  control.label = "control identity";
  return control;
}

/// The instant that an earlier look gave is handed back: a new process must not begin the wait anew.
model::Node as_observed(const PathRecord& path) {
  model::Node node = path.node;
  if (path.drained_by) node.facts[model::facts::k_drains_until_ms] = std::to_string(path.drained_by->time_since_epoch().count());
  return node;
}

/// What stays by an exception, or was given back under an approval, is not tried.
bool stands_by_decision(const PathRecord& path) { return path.state == PathState::waived || path.state == PathState::restored; }

/// A call that failed is an answer that we do not have.
base::Result<ProbeResult> as_answer(base::Result<ProbeResult> result, ProbeMeans means) {
  if (result) {
    result->means = means;
    return result;
  }
  ProbeResult unknown;
  unknown.means = result.error().code == base::Code::unimplemented ? ProbeMeans::none : means;
  unknown.reason = base::code_name(result.error().code);
  unknown.words = result.error().text();
  return unknown;
}

}  // namespace

const model::PathSpec* Prover::spec_of(const PathRecord& path) const {
  return systems_.at(path.node.key.system).connector->catalogue().find(path.node.key.kind);
}

base::Result<ProbeResult> Prover::try_subject(const Try& attempt, ProbeMeans means) {
  auto& connector = *systems_.at(attempt.path.node.key.system).connector;
  return as_answer(connector.probe(request_for(attempt.path, means, attempt.moment, attempt.secrets)), means);
}

base::Result<ProbeResult> Prover::try_control(const Try& attempt, ProbeMeans means) {
  auto& connector = *systems_.at(attempt.path.node.key.system).connector;
  return as_answer(connector.probe_control(request_for(attempt.path, means, attempt.moment, attempt.secrets)), means);
}

base::Status Prover::before(const model::NodeId& id, const plan::Step* step) {
  const auto path = book_.find(id);
  if (!path || is_answer(path->before) || is_answer(path->before_control) || path->state == PathState::ended) return {};
  const model::PathSpec* spec = spec_of(*path);
  if (spec == nullptr) return {};
  StepSecrets secrets;
  const bool rotates = step != nullptr && !step->vault_reference.empty();
  if (rotates) {
    // A vault that cannot be read costs this path its control, never the run.
    auto kept = secrets_.of(*step);
    if (!kept) return {};
    secrets = std::move(*kept);
  }
  for (const ProbeMeans means : spec->means) {
    if (!tries_the_gate(means)) continue;
    if (spec->trying_counts_as_failure) {
      EXEUNT_TRY_ASSIGN(const ProbeResult result, try_control({*path, ProbeMoment::before, &secrets}, means));
      if (result.means == ProbeMeans::none) continue;
      EXEUNT_TRY(journal_.seen(control_identity(path->node), ProbeMoment::control, {clock_.now(), result, {}, {}}));
      book_.note_before(id, std::nullopt, result.answer);
    } else {
      EXEUNT_TRY_ASSIGN(const ProbeResult result, try_subject({*path, ProbeMoment::before, rotates ? &secrets : nullptr}, means));
      if (result.means == ProbeMeans::none) continue;
      EXEUNT_TRY(journal_.seen(path->node, ProbeMoment::before, {clock_.now(), result, {}, {}}));
      book_.note_before(id, result.answer, std::nullopt);
    }
    return {};
  }
  return {};
}

base::Result<Prover::Look> Prover::look_by_probe(const Try& attempt, const model::PathSpec& spec, ProbeMeans means) {
  const PathRecord& path = attempt.path;
  Look look;
  look.means = means;
  ProbeEvidence evidence{means, spec.trying_counts_as_failure, path.before, path.before_control, ProbeAnswer::unknown, std::nullopt};
  EXEUNT_TRY_ASSIGN(ProbeResult result, try_subject(attempt, means));
  if (result.means == ProbeMeans::none) {
    look.available = false;
    return look;
  }
  evidence.after = result.answer;
  Sight sight;
  sight.at = clock_.now();
  if (result.answer == ProbeAnswer::refused) {
    EXEUNT_TRY_ASSIGN(ProbeResult tried, try_control(attempt, means));
    if (tried.means != ProbeMeans::none) sight.control = std::move(tried);
  }
  if (sight.control) evidence.control = sight.control->answer;
  look.verdict = judge(evidence);
  look.verdict.why += result.words.empty() ? "" : ": " + result.words;
  sight.answer = std::move(result);
  look.sights.push_back(std::move(sight));
  return look;
}

/// Present and beyond recall: on its way to its end. After the cut only: before it, what ends by itself some day is a way in like any other.
void Prover::drain(Verdict& verdict, std::optional<base::Time> until) const {
  if (!until || *until <= clock_.now()) return;
  verdict.state = PathState::draining;
  verdict.until = until;
}

base::Result<Prover::Look> Prover::look_by_witness(const Try& attempt, const plan::Step* step) {
  Look look;
  look.means = ProbeMeans::witness;
  look.available = false;
  const model::NodeKey& key = attempt.path.node.key;
  auto& connector = *systems_.at(key.system).connector;
  std::optional<WitnessSight> held;
  if (step != nullptr && step->target.key.kind == model::NodeKind::account) held = witnesses_.look(step->target.id(), key.kind, connector);
  if (!held && !attempt.path.was_witnessed) return look;
  const bool ours = held && held->node.key == key;
  WitnessEvidence evidence = held ? evidence_of(*held, attempt.path.node) : evidence_of_earlier(attempt.path.ours);
  if (!ours && evidence.after != ProbeAnswer::refused) return look;
  const model::Node node = as_observed(attempt.path);
  std::optional<base::Time> until;
  for (int i = 0; i < 2 && evidence.path.listed != Listed::present; ++i) {  // looked at twice, as where nothing but the listing tells
    const auto seen = connector.observe(node, {});
    connect::Observation observation;
    if (seen) observation = *seen;
    if (!seen) observation.words = seen.error().text();
    look.sights.push_back({clock_.now(), {}, {}, observation});
    until = observation.until;
    const ListedNow now = listed_now(observation);
    if (i == 0 || now.listed != Listed::gone || now.listing != model::Completeness::full) evidence.path = now;
    if (now.listed != Listed::gone) break;
  }
  look.verdict = judge(evidence);
  if (look.verdict.state == PathState::live) drain(look.verdict, until);
  // What our session answered is told of hers only where it decided; of ours it is the answer itself.
  if (held && (ours || look.verdict.state == PathState::ended)) look.sights.push_back({clock_.now(), held->after, held->control, {}});
  look.available = look.verdict.state != PathState::unknown || ours;
  return look;
}

base::Result<Prover::Look> Prover::look_by(ProbeMeans means, const Try& attempt, const model::PathSpec& spec, const plan::Step* step) {
  if (means == ProbeMeans::witness) return look_by_witness(attempt, step);
  return tries_the_gate(means) ? look_by_probe(attempt, spec, means) : look_by_observing(attempt);
}

base::Result<Prover::Look> Prover::look_by_observing(const Try& attempt) {
  Look look;
  const model::Node node = as_observed(attempt.path);
  auto& connector = *systems_.at(node.key.system).connector;
  Grade worst = Grade::observed;
  for (int i = 0; i < 2; ++i) {  // looked at twice: a lagging table says "none" beside a live connection
    auto seen = connector.observe(node, {});
    connect::Observation observation;
    if (seen) {
      observation = *seen;
    } else {
      observation.words = seen.error().text();
      if (seen.error().code == base::Code::unimplemented) {
        look.available = false;
        return look;
      }
    }
    look.sights.push_back({clock_.now(), {}, {}, observation});
    look.means = means_of(observation);
    if (static_cast<int>(observation.grade) > static_cast<int>(worst)) worst = observation.grade;
    look.verdict.why = observation.words;
    if (observation.presence == Presence::absent) continue;
    look.verdict.state = observation.presence == Presence::present ? PathState::live : PathState::unknown;
    if (observation.presence == Presence::present) drain(look.verdict, observation.until);
    return look;
  }
  look.verdict.state = PathState::ended;
  look.verdict.grade = worst;
  look.verdict.control = "none";
  return look;
}

base::Result<Prover::Look> Prover::best_look(const PathRecord& path, const plan::Step* step, ProbeMoment moment) {
  const model::PathSpec* spec = spec_of(path);
  StepSecrets sealed;
  Try attempt{path, moment, nullptr};
  if (step != nullptr && !step->vault_reference.empty()) {
    if (auto found = secrets_.sealed_of(*step)) {
      sealed = std::move(*found);
      attempt.secrets = &sealed;
    }
  }
  Look best;
  best.available = false;
  bool looked = false;
  for (const ProbeMeans means : spec == nullptr ? std::vector<ProbeMeans>{} : spec->means) {
    if (means == ProbeMeans::none) continue;
    const bool only_looks = !tries_the_gate(means) && means != ProbeMeans::witness;
    if (only_looks && looked) continue;  // observe and read_back are one look: the connector takes its best
    EXEUNT_TRY_ASSIGN(Look look, look_by(means, attempt, *spec, step));
    looked = looked || only_looks;
    if (!look.available) continue;
    // Every sight is kept in its order; the last ones are those of the look that counts.
    best.sights.insert(best.sights.end(), look.sights.begin(), look.sights.end());
    look.sights = std::move(best.sights);
    best = std::move(look);
    // Admitted is the safe side and settles it; a refusal that holds settles it; anything else: the next means.
    if (best.verdict.state == PathState::live || best.verdict.state == PathState::ended) break;
  }
  // Never better than what the connector's own page allows.
  if (spec != nullptr && best.verdict.state == PathState::ended && static_cast<int>(best.verdict.grade) < static_cast<int>(spec->best))
    best.verdict.grade = spec->best;
  return best;
}

base::Status Prover::take(const PathRecord& path, const plan::Step* step, ProbeMoment moment, const Look& look) {
  const model::NodeId id = path.node.id();
  const bool changed = book_.note_verdict(id, look.verdict.state, look.verdict.grade, clock_.now(), clock_.steady(), look.verdict.until);
  const PathChange change{step != nullptr ? step->id : path.step, look.verdict, look.means};
  for (std::size_t i = 0; i < look.sights.size(); ++i) {
    const bool decided = changed && i + 1 == look.sights.size();
    EXEUNT_TRY(journal_.seen(path.node, moment, look.sights[i], decided ? &change : nullptr));
  }
  if (changed && look.sights.empty()) EXEUNT_TRY(journal_.path_changed(path.node, change));
  // Where nothing lags the look just after the cut is the one past the window.
  const model::PathSpec* spec = spec_of(path);
  const bool past_window = moment == ProbeMoment::settled || (spec != nullptr && spec->settle.count() == 0);
  if (past_window && look.verdict.state == PathState::ended) book_.note_settled(id);
  return {};
}

base::Result<PathState> Prover::prove(const model::NodeId& id, const plan::Step* step, ProbeMoment moment) {
  const auto path = book_.find(id);
  if (!path) return base::fail(base::Code::not_found, id.text() + " is no path of this case");
  if (stands_by_decision(*path)) return path->state;
  EXEUNT_TRY_ASSIGN(const Look best, best_look(*path, step, moment));
  EXEUNT_TRY(take(*path, step, moment, best));
  return best.verdict.state;
}

base::Result<std::optional<PathState>> Prover::confirm(const model::NodeId& id, const plan::Step* step) {
  const auto path = book_.find(id);
  if (!path) return base::fail(base::Code::not_found, id.text() + " is no path of this case");
  EXEUNT_TRY_ASSIGN(const Look look, best_look(*path, step, ProbeMoment::settled));
  if (look.verdict.state == PathState::unknown) return std::nullopt;
  EXEUNT_TRY(take(*path, step, ProbeMoment::settled, look));
  return look.verdict.state;
}

base::Result<Prover::Watched> Prover::watch(const model::NodeId& id, const plan::Step* step) {
  const auto path = book_.find(id);
  if (!path) return base::fail(base::Code::not_found, id.text() + " is no path of this case");
  if (stands_by_decision(*path)) return Watched::unchanged;
  EXEUNT_TRY_ASSIGN(const Look look, best_look(*path, step, ProbeMoment::settled));
  if (look.verdict.state == PathState::unknown) return Watched::not_seen;
  if (look.verdict.state == path->state) return Watched::unchanged;
  EXEUNT_TRY_ASSIGN(const PathState state, prove(id, step, ProbeMoment::settled));
  return state == path->state ? Watched::unchanged : Watched::changed;
}

}  // namespace exeunt::engine
