#include "engine/restore_step.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"
#include "model/transitions.hpp"
#include "plan/restore.hpp"
#include "plan/words.hpp"

namespace exeunt::engine {

using base::Code;
using base::Error;
using base::Result;
using base::Status;
using connect::Presence;
using model::PathState;
using model::StepState;

namespace {

bool has(const std::vector<model::NodeId>& ids, const model::NodeId& id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); }

bool may_come_back(Code code) {
  return code == Code::unavailable || code == Code::resource_exhausted || code == Code::aborted || code == Code::outcome_unknown;
}

std::string shown(const model::Node& node) {
  return fmt::format("{} {} on {}", name(node.key.kind), plan::quoted(node), base::escape_terminal(node.key.system.text(), 40));
}

}  // namespace

void RestoreStep::say(const plan::Step& step, const std::string& words) {
  words_.push_back(step.id.text() + ": " + words);
  if (!context_.progress) return;
  Progress progress;
  progress.words = fmt::format("{} {} {}: {}", step.id.text(), step.target.key.system.text(), name(step.action), words);
  context_.progress(progress);
}

Result<connect::ApplyRequest> RestoreStep::request_of(const plan::Step& step, StepSecrets& secrets) const {
  connect::ApplyRequest request;
  request.action = step.action;
  request.target = step.target;
  request.covered = step.gives;
  if (step.needs_secret) {
    EXEUNT_TRY_ASSIGN(secrets, context_.secrets.of(step));  // sealed and durable before the first call; a repeat sets the same value
    request.new_secret = &secrets.new_value;
  }
  return request;
}

Result<RestoreStep::Seen> RestoreStep::look(const plan::Step& step, const connect::ApplyRequest& request) const {
  Seen seen;
  EXEUNT_TRY_ASSIGN(seen.look, context_.systems.at(step.target.key.system).connector->look_restored(request));
  for (const auto& node : step.gives)
    if (!has(seen.look.there, node.id()) && !has(seen.look.gone, node.id())) seen.missing.push_back(node);
  return seen;
}

Status RestoreStep::note_what_others_did(const plan::Step& step, const Seen& seen) {
  for (const auto& node : step.gives) {
    if (has(seen.look.gone, node.id())) say(step, shown(node) + " cannot come back: what it belonged to was deleted since");
    if (!has(seen.look.there, node.id())) continue;
    say(step, shown(node) + " is there already: another hand gave it since the case; it is left as it is");
    // Let in by nobody of this case: it stands in the record as what it is.
    if (context_.book.find(node.id())) EXEUNT_TRY(context_.prover.confirm(node.id(), nullptr));
  }
  // What follows it may be open with it, and nothing else tries it.
  if (seen.missing.empty())
    for (const auto& node : step.follows)
      if (context_.book.find(node.id()) && context_.systems.contains(node.key.system))
        EXEUNT_TRY(context_.prover.confirm(node.id(), nullptr));
  return {};
}

Status RestoreStep::note_given(const plan::Step& step, const connect::RestoreLook& look) {
  for (const auto& node : step.gives) {
    const auto path = context_.book.find(node.id());
    // What another hand had given before stays what it was found to be.
    if (!path || !has(look.there, node.id()) || path->state == PathState::live || path->state == PathState::restored) continue;
    EXEUNT_TRY(mark_restored(step, *path, {Presence::present, model::Grade::read_back, look.words}));
  }
  return note_what_follows(step);
}

Status RestoreStep::note_what_follows(const plan::Step& step) {
  for (const auto& node : step.follows) {
    const auto path = context_.book.find(node.id());
    const auto system = context_.systems.find(node.key.system);
    if (!path || system == context_.systems.end() || path->state == PathState::live || path->state == PathState::restored) continue;
    const auto look = system->second.connector->observe(path->node, {});
    if (look && look->presence == Presence::absent) {
      say(step, shown(node) + " does not come back with it: " + look->words);
      continue;
    }
    EXEUNT_TRY(
        mark_restored(step, *path, look ? *look : connect::Observation{Presence::unknown, model::Grade::unknown, look.error().text()}));
    say(step, shown(node) + " comes back with it" + (look && look->presence == Presence::present ? "" : ", as far as is seen"));
  }
  return {};
}

Status RestoreStep::mark_restored(const plan::Step& step, const PathRecord& path, connect::Observation look) {
  PathChange change;
  change.step = step.id;
  change.verdict.state = PathState::restored;
  change.verdict.why = look.words;
  Sight sight;
  sight.at = context_.clock.now();
  sight.look = std::move(look);
  context_.book.note_verdict(path.node.id(), PathState::restored, model::Grade::unknown, sight.at);
  return context_.journal.seen(path.node, model::ProbeMoment::after, sight, &change);
}

Result<std::optional<RestoreEnd>> RestoreStep::refused_by_gate(const plan::Step& step, const std::vector<model::Node>& covered) {
  bool approved = false;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) { approved = has_approval(state, restore_.digest); });
  const auto refusal = context_.gate.refuses(approved, restore_.plan, restore_.digest, step, covered, {});
  if (!refusal) return std::nullopt;
  EXEUNT_TRY(context_.journal.gate_refused(step.id, std::string(name(refusal->guard)), refusal->error.text()));
  say(step, "refused by the last gate: " + refusal->error.text());
  return refusal->guard == Guard::halted ? RestoreEnd::stopped : RestoreEnd::held;
}

Result<RestoreStep::Attempt> RestoreStep::after_error(const plan::Step& step, int number, const Error& error) {
  Breaker& breaker = *context_.breakers.at(step.target.key.system);
  const bool lost = error.code == Code::outcome_unknown;
  EXEUNT_TRY(context_.journal.step_outcome(step.id, number, lost ? StepState::outcome_unknown : StepState::failed, error.text()));
  if (may_come_back(error.code)) {
    breaker.failed();
    return Attempt{RestoreEnd::unreachable, true};
  }
  say(step, error.text());
  return Attempt{error.code == Code::cancelled ? RestoreEnd::stopped : RestoreEnd::failed, false};
}

Result<RestoreStep::Attempt> RestoreStep::after_call(const plan::Step& step, int number, const connect::ApplyRequest& request) {
  const auto seen = look(step, request);
  if (!seen) {
    say(step, "acknowledged, and not seen: " + seen.error().text());
    return Attempt{may_come_back(seen.error().code) ? RestoreEnd::unreachable : RestoreEnd::failed, may_come_back(seen.error().code)};
  }
  if (!seen->missing.empty()) {
    EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::failed, "acknowledged, and changed nothing: " + seen->look.words));
    say(step, "acknowledged, and it is not there: " + seen->look.words);
    return Attempt{RestoreEnd::failed, true};
  }
  EXEUNT_TRY(note_given(step, seen->look));
  if (step.action == model::Action::restore_account && seen->look.old_way != Presence::absent) {
    const bool open = seen->look.old_way == Presence::present;
    EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::failed, seen->look.words));
    say(step, std::string(open ? "what opened it before opens it again: " : "nothing shows that what opened it before does not: ") +
                  seen->look.words);
    return Attempt{open ? RestoreEnd::old_way_open : RestoreEnd::old_way_unknown, false};
  }
  EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::ended, seen->look.words));
  say(step, "given back: " + seen->look.words);
  return Attempt{RestoreEnd::given, false};
}

Result<RestoreStep::Attempt> RestoreStep::call(const plan::Step& step, int number, connect::ApplyRequest& request,
                                               const std::vector<model::Node>& missing) {
  EXEUNT_TRY_ASSIGN(const auto refusal, refused_by_gate(step, missing));
  if (refusal) return Attempt{*refusal, false};
  // Commit point: before it a crash leaves nothing outside; after it a restart finds an intent without an outcome, and looks.
  EXEUNT_TRY(context_.journal.step_intended(step.id, number, step.target,
                                            base::JsonObject{{"action", name(step.action)}, {"gives", missing.size()}}));
  const std::vector<model::Node> all = request.covered;
  request.covered = missing;
  const auto applied = context_.gate.apply(step, request);
  request.covered = all;
  if (!applied) return after_error(step, number, applied.error());
  context_.breakers.at(step.target.key.system)->succeeded();
  EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::acknowledged, applied->words));
  return after_call(step, number, request);
}

/// Without a call of this attempt; nothing where an earlier run has said so already.
Status RestoreStep::note_outcome(const plan::Step& step, StepState outcome, const std::string& words) {
  StepState before = StepState::pending;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) {
    if (const auto known = state.steps.find(step.id.text()); known != state.steps.end()) before = known->second.state;
  });
  return model::may_change(before, outcome) ? context_.journal.step_outcome(step.id, 0, outcome, words) : Status{};
}

Result<RestoreStep::Attempt> RestoreStep::attempt(const plan::Step& step, int number) {
  EXEUNT_TRY_ASSIGN(const bool allowed, wait_for_allowance(context_, step.target.key.system));
  if (!allowed) return Attempt{context_.stop.stop_requested() ? RestoreEnd::stopped : RestoreEnd::unreachable, false};
  StepSecrets secrets;
  EXEUNT_TRY_ASSIGN(connect::ApplyRequest request, request_of(step, secrets));
  const auto seen = look(step, request);
  if (!seen) {
    if (may_come_back(seen.error().code)) context_.breakers.at(step.target.key.system)->failed();
    say(step, seen.error().text());
    return Attempt{may_come_back(seen.error().code) ? RestoreEnd::unreachable : RestoreEnd::failed, may_come_back(seen.error().code)};
  }
  const bool first = last_attempt(context_, step.id) == 0;
  if (first) EXEUNT_TRY(note_what_others_did(step, *seen));
  if (seen->missing.empty() && first) {
    EXEUNT_TRY(note_outcome(step, StepState::skipped, "nothing of it is left to give: " + seen->look.words));
    return Attempt{RestoreEnd::left_alone, false};
  }
  // Ours already, in this run or one before: an account is still given its new password unless nothing else opens it.
  const bool stands = seen->missing.empty() && (step.action != model::Action::restore_account || seen->look.old_way == Presence::absent);
  if (!stands) return call(step, number, request, seen->missing.empty() ? step.gives : seen->missing);
  EXEUNT_TRY(note_given(step, seen->look));
  EXEUNT_TRY(note_outcome(step, StepState::ended, seen->look.words));
  say(step, "given back: " + seen->look.words);
  return Attempt{RestoreEnd::given, false};
}

Result<RestoreEnd> RestoreStep::run(const plan::Step& step) {
  if (!context_.systems.contains(step.target.key.system)) {
    say(step, "the system is no longer configured");
    return RestoreEnd::failed;
  }
  const int start = last_attempt(context_, step.id);
  RestoreEnd end = RestoreEnd::failed;
  for (int tries = 1; tries <= context_.retry.attempts_max; ++tries) {
    if (context_.stop.stop_requested() || context_.interrupts.halted()) return RestoreEnd::stopped;
    EXEUNT_TRY_ASSIGN(const Attempt result, attempt(step, start + tries));
    end = result.end;
    if (!result.again) break;
    if (end == RestoreEnd::failed && tries >= context_.retry.reapplies_max) break;
    if (tries < context_.retry.attempts_max && !pause(context_, backoff(context_, tries))) return RestoreEnd::stopped;
  }
  return end;
}

Result<bool> RestoreStep::shut_again(const plan::Step& reserve) {
  const int start = last_attempt(context_, reserve.id);
  std::string why = "the system does not answer";
  for (int tries = 1; tries <= context_.retry.attempts_max; ++tries) {
    StepSecrets secrets;
    EXEUNT_TRY_ASSIGN(connect::ApplyRequest request, request_of(reserve, secrets));
    if (const auto known = context_.book.find(reserve.target.id())) {
      request.target = known->node;
      request.covered = {known->node};
    }
    EXEUNT_TRY_ASSIGN(const auto refusal, refused_by_gate(reserve, request.covered));
    if (refusal) return false;
    EXEUNT_TRY(context_.journal.step_intended(reserve.id, start + tries, reserve.target,
                                              base::JsonObject{{"action", name(reserve.action)}, {"covered", request.covered.size()}}));
    const auto applied = context_.gate.apply(reserve, request);
    if (applied) {
      EXEUNT_TRY(context_.journal.step_outcome(reserve.id, start + tries, StepState::acknowledged, applied->words));
      EXEUNT_TRY_ASSIGN(const auto now, context_.prover.confirm(reserve.target.id(), &reserve));
      if (now && *now == PathState::ended) {
        EXEUNT_TRY(context_.journal.step_outcome(reserve.id, start + tries, StepState::ended, applied->words));
        say(reserve, shown(reserve.target) + " is shut again");
        return true;
      }
      why = now ? "it is still open" : "nothing shows that it is shut";
    } else {
      EXEUNT_TRY_ASSIGN(const Attempt after, after_error(reserve, start + tries, applied.error()));
      why = applied.error().text();
      if (!after.again) break;
    }
    if (tries < context_.retry.attempts_max && !pause(context_, backoff(context_, tries))) break;
  }
  say(reserve, shown(reserve.target) + " COULD NOT BE SHUT AGAIN (" + why + "): shut it by hand at once");
  return false;
}

Status may_be_restored(const evidence::CaseFold& state, base::Time now) {
  using C = model::CaseState;
  const std::string subject = fmt::format("case {} is {}", state.case_id, name(state.state));
  if (state.state == C::restored)
    return base::fail(Code::failed_precondition, subject, "it is given back already; `exeunt status` shows it");
  if (state.state == C::superseded)
    return base::fail(Code::failed_precondition, subject, "restore the case that took its place: `exeunt status` lists them");
  if (state.state != C::closed && state.state != C::cancelled && state.state != C::restoring)
    return base::fail(Code::failed_precondition, subject + ": what is not over is not given back",
                      "let it come to its end, or `exeunt cancel` it: what was ended until then stays ended and can be given back");
  for (const auto& [target, path] : state.paths)
    if (path.state == PathState::draining && path.until && *path.until > now)
      return base::fail(Code::failed_precondition,
                        fmt::format("case {} has a way in that drains until {}: given back now, it would be whole again", state.case_id,
                                    base::to_rfc3339(*path.until)),
                        "restore it after that instant");
  return {};
}

}  // namespace exeunt::engine
