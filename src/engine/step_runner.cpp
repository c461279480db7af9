#include "engine/step_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/secret.hpp"
#include "engine/before_image.hpp"
#include "engine/witness_opening.hpp"
#include "model/transitions.hpp"
#include "plan/exception.hpp"

namespace exeunt::engine {

using base::Code;
using base::Error;
using base::Result;
using base::Status;
using model::StepState;

namespace {

bool holds(const std::vector<model::NodeKind>& kinds, model::NodeKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool is_task(model::Action action) { return action == model::Action::attest || action == model::Action::review; }

/// Also her keys that were found while the case ran: what was opened with a key is hers after the key is gone.
connect::InventoryRequest listing_request(const plan::Plan& plan, const plan::Step& step, const PathBook& book) {
  connect::InventoryRequest request;
  for (const auto& link : plan.links) {
    const auto key = model::parse_node_id(link.account);
    if (!key || key->system != step.target.key.system) continue;
    model::Node account;
    account.key = *key;
    for (const auto& path : plan.paths)
      if (path.node.key == *key) account = path.node;
    request.accounts.push_back(std::move(account));
  }
  const bool target_is_account = step.target.key.kind == model::NodeKind::account;
  const bool listed =
      std::any_of(request.accounts.begin(), request.accounts.end(), [&](const model::Node& n) { return n.key == step.target.key; });
  if (target_is_account && !listed) request.accounts.push_back(step.target);
  for (const auto& path : plan.paths) {
    if (path.node.key.system != step.target.key.system) continue;
    if (path.node.key.kind == model::NodeKind::secret) request.secrets.push_back(path.node);
  }
  request.known = book.keys_of(step.target.key.system, model::NodeKind::key);
  return request;
}

/// Everything that a fresh inventory reaches from the step's target over its own edges.
std::set<model::NodeId> reached_from(const model::Inventory& inventory, const model::Node& target) {
  std::set<model::NodeId> reached{target.id()};
  std::vector<model::NodeId> open{target.id()};
  while (!open.empty()) {
    const model::NodeId from = open.back();
    open.pop_back();
    for (const auto& edge : inventory.edges) {
      if (edge.from != from || reached.contains(edge.to)) continue;
      // Another account below this one (a role that she created) has steps of its own.
      const auto key = model::parse_node_id(edge.to);
      if (key && key->kind == model::NodeKind::account && target.key.kind == model::NodeKind::account) continue;
      reached.insert(edge.to);
      open.push_back(edge.to);
    }
  }
  return reached;
}

/// Nodes whose parent is not listed any more: a session outlives the key that opened it, and is no less hers for that.
std::set<model::NodeId> left_behind(const model::Inventory& inventory, const connect::InventoryRequest& request) {
  std::set<model::NodeId> listed;
  for (const auto& node : inventory.nodes) listed.insert(node.id());
  for (const auto& node : request.accounts) listed.insert(node.id());
  for (const auto& node : request.secrets) listed.insert(node.id());
  std::set<model::NodeId> held;
  for (const auto& edge : inventory.edges)
    if (listed.contains(edge.from)) held.insert(edge.to);
  std::set<model::NodeId> out;
  for (const auto& node : inventory.nodes)
    if (!held.contains(node.id())) out.insert(node.id());
  return out;
}

/// Accounts and secrets stay listed when they are shut, and what drains is in no listing of the system's: the connector names it for as long as it
/// could be there. Of all others being listed and live means that the way is there.
bool listing_means_open(const model::Node& node) {
  return node.live && !node.facts.contains(model::facts::k_drains) && node.key.kind != model::NodeKind::account &&
         node.key.kind != model::NodeKind::secret;
}

}  // namespace

void StepRunner::say(const plan::Step& step, const std::string& words) const {
  if (!context_.progress) return;
  Progress progress;
  progress.words = fmt::format("{} {} {}: {}", step.id.text(), step.target.key.system.text(), name(step.action), words);
  const PathTally tally = context_.book.tally();
  progress.paths = tally.paths;
  progress.ended = tally.ended;
  context_.progress(progress);
}

Result<model::Inventory> StepRunner::inventory(const ApprovedPlan& plan, const plan::Step& step) {
  return context_.systems.at(step.target.key.system).connector->inventory(listing_request(plan.plan, step, context_.book));
}

std::vector<model::Node> StepRunner::covered_by(const ApprovedPlan& plan, const plan::Step& step, const model::Inventory& inventory) const {
  const auto reached = reached_from(inventory, step.target);
  const auto orphaned = left_behind(inventory, listing_request(plan.plan, step, context_.book));
  std::vector<model::Node> out;
  for (const auto& node : inventory.nodes) {
    if (!holds(step.covers, node.key.kind)) continue;
    const auto known = context_.book.find(node.id());
    const bool ours = reached.contains(node.id()) || (known ? known->step == step.id : orphaned.contains(node.id()));
    if (ours) out.push_back(node);
  }
  std::sort(out.begin(), out.end(), [](const model::Node& a, const model::Node& b) { return a.key < b.key; });
  return out;
}

Result<std::size_t> StepRunner::relist(const ApprovedPlan& plan, const plan::Step& step, const model::Inventory& inventory,
                                       std::vector<model::Node>& covered) {
  covered.clear();
  if (!step.by_rule) {
    covered = {};
    for (const auto& path : context_.book.of_step(step.id)) covered.push_back(path.node);
    return std::size_t{0};
  }
  for (const auto& listing : inventory.listings)
    if (!context_.only_changes && holds(step.covers, listing.kind)) EXEUNT_TRY(context_.journal.listed(listing));
  covered = covered_by(plan, step, inventory);
  std::size_t fresh = 0;
  for (const auto& node : covered) {
    EXEUNT_TRY_ASSIGN(const bool found, take_up(step, node, step));
    // Tried by its own step alone: a try of another's could come after the cut, and would say that it was never open.
    if (found || context_.book.meet(node.id(), step.id)) {
      ++fresh;
      EXEUNT_TRY(context_.prover.before(node.id(), &step));
      continue;
    }
    const auto known = context_.book.find(node.id());
    context_.book.note_node(node);
    context_.book.adopt(node.id(), step.id);
    // Listed again although it had ended: it came back, or never went. Only a new probe may say ended again.
    if (known && known->state == model::PathState::ended && listing_means_open(node)) ++fresh;
  }
  return fresh;
}

Result<bool> StepRunner::take_up(const plan::Step& step, const model::Node& node, const plan::Step& listed_by) {
  if (context_.book.knows(node.id())) return false;
  const auto finding = context_.book.finding(node.key.system);
  if (context_.book.knows(node.id())) return false;
  PathRecord record;
  record.node = node;
  record.step = step.id;
  record.found_elsewhere = listed_by.id != step.id;
  const auto grade_on = context_.policy.required_grade_on.find(node.key.system);
  const auto& grades = grade_on != context_.policy.required_grade_on.end() && grade_on->second.contains(node.key.kind)
                           ? grade_on->second
                           : context_.policy.required_grade;
  if (const auto grade = grades.find(node.key.kind); grade != grades.end()) record.grade_required = grade->second;
  record.required = !holds(context_.policy.watched_only, node.key.kind);
  EXEUNT_TRY(context_.journal.path_found(node, record.required, record.grade_required, "found while " + listed_by.id.text() + " ran"));
  context_.book.add(std::move(record));
  return true;
}

Status StepRunner::take_up_for_others(const plan::Step& step, const model::Inventory& inventory) {
  std::vector<const model::Node*> fresh;
  for (const auto& node : inventory.nodes)
    if (!context_.book.knows(node.id())) fresh.push_back(&node);
  if (fresh.empty()) return {};
  for (const auto& plan : context_.plans)
    for (const auto& other : plan.plan.steps) {
      if (!other.by_rule || is_task(other.action) || other.id == step.id || other.target.key.system != step.target.key.system) continue;
      const auto reached = reached_from(inventory, other.target);
      for (const auto* node : fresh)
        if (reached.contains(node->id()) && holds(other.covers, node->key.kind)) EXEUNT_TRY(take_up(other, *node, step));
    }
  return {};
}

Result<StepEnd> StepRunner::prove_covered(const plan::Step& step) {
  bool open = false;
  bool draining = false;
  for (const auto& id : context_.book.ids_of_step(step.id)) {
    EXEUNT_TRY_ASSIGN(const model::PathState state, context_.prover.prove(id, &step, model::ProbeMoment::after));
    draining = draining || state == model::PathState::draining;
    open = open || (state != model::PathState::ended && state != model::PathState::draining && state != model::PathState::waived);
  }
  if (open) return StepEnd::still_open;
  return draining ? StepEnd::draining : StepEnd::ended;
}

Result<bool> StepRunner::held_back(const plan::Step& step, int number, std::vector<model::Node>& covered) {
  if (context_.book.tally().waived == 0) return false;
  const auto stays = [&](const model::NodeId& id) {
    const auto known = context_.book.find(id);
    return known && known->state == model::PathState::waived;
  };
  const std::size_t listed = covered.size();
  std::erase_if(covered, [&](const model::Node& node) { return stays(node.id()); });
  const bool nothing_else = listed > 0 && covered.empty();
  const auto& catalogue = context_.systems.at(step.target.key.system).connector->catalogue();
  if (!nothing_else && !(stays(step.target.id()) && plan::shuts_its_target(step, &catalogue))) return false;
  bool may_say = false;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) {
    const auto known = state.steps.find(step.id.text());
    const auto from = known == state.steps.end() ? StepState::pending : known->second.state;
    may_say = from != StepState::intended && model::may_change(from, StepState::skipped).has_value();
  });
  if (may_say)
    EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::skipped, "held back: it would end what an exception keeps"));
  say(step, "held back by an exception");
  return true;
}

Result<std::set<model::NodeId>> StepRunner::waived_in_reach(const plan::Step& step, const std::vector<model::Node>& covered) {
  std::set<model::NodeId> out;
  bool any = false;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) { any = !state.exceptions.empty(); });
  if (!any) return out;
  std::vector<model::Node> reach = covered;
  reach.push_back(step.target);
  for (const auto& path : context_.book.of_step(step.id)) reach.push_back(path.node);
  for (const auto& node : reach) {
    EXEUNT_TRY_ASSIGN(const std::string reference, context_.journal.reference(node));
    context_.journal.stream().inspect([&](const evidence::CaseFold& state) {
      const auto path = state.paths.find(reference);
      if (path != state.paths.end() && path->second.state == model::PathState::waived) out.insert(node.id());
    });
  }
  return out;
}

Result<StepRunner::Attempt> StepRunner::after_error(const plan::Step& step, int number, const Error& error) {
  Attempt out;
  switch (error.code) {
    case Code::outcome_unknown:
      // The call may have taken effect: look before anything, then repeat (every action can run twice).
      EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::outcome_unknown, error.text()));
      context_.breakers.at(step.target.key.system)->failed();
      say(step, "the answer was lost; looking");
      out.end = StepEnd::still_open;
      out.again = true;
      out.wait = backoff(context_, number);
      return out;
    case Code::unavailable:
    case Code::resource_exhausted:
    case Code::aborted:
      EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::failed, error.text()));
      context_.breakers.at(step.target.key.system)->failed();
      say(step, error.what);
      out.end = StepEnd::unreachable;
      out.again = true;
      out.wait = backoff(context_, number);
      return out;
    case Code::cancelled:
      EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::failed, error.text()));
      out.end = StepEnd::stopped;
      return out;
    case Code::invalid_argument:
    case Code::not_found:
    case Code::already_exists:
    case Code::failed_precondition:
    case Code::permission_denied:
    case Code::data_loss:
    case Code::unimplemented:
    case Code::internal:
      EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::failed, error.text()));
      say(step, error.what);
      out.end = StepEnd::failed;
      return out;
  }
  return out;
}

Result<StepRunner::Attempt> StepRunner::call(const ApprovedPlan& plan, const plan::Step& step, int number,
                                             const std::vector<model::Node>& covered) {
  Attempt out;
  bool approved = false;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) { approved = has_approval(state, plan.digest); });
  EXEUNT_TRY_ASSIGN(const auto waived, waived_in_reach(step, covered));
  if (const auto refusal = context_.gate.refuses(approved, plan.plan, plan.digest, step, covered, waived)) {
    EXEUNT_TRY(context_.journal.gate_refused(step.id, std::string(name(refusal->guard)), refusal->error.text()));
    say(step, refusal->error.what);
    out.end = refusal->guard == Guard::halted ? StepEnd::stopped : StepEnd::held;
    return out;
  }
  connect::ApplyRequest request;
  StepSecrets secrets;
  request.action = step.action;
  request.target = step.target;
  if (const auto known = context_.book.find(step.target.id())) request.target = known->node;
  request.covered = covered;
  request.heir = step.heir;
  if (step.needs_secret) {
    auto kept = context_.secrets.of(step);  // sealed and durable before the first call
    if (!kept) {
      EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::failed, kept.error().text()));
      say(step, kept.error().what);
      return out;
    }
    secrets = std::move(*kept);
    request.new_secret = &secrets.new_value;
    request.vault_reference = step.vault_reference;
  }
  // What is there now is looked at first, and durable with the intent: after the call it is gone.
  // Commit point: before it a crash leaves nothing outside; after it a restart finds an intent without an outcome: outcome_unknown.
  base::JsonObject details{{"action", name(step.action)}, {"covered", covered.size()}};
  add_before_image(context_, request, details);
  EXEUNT_TRY(context_.journal.step_intended(step.id, number, step.target, std::move(details)));
  EXEUNT_TRY(open_witnesses(context_, plan.plan, step, number, secrets.new_value));
  EXEUNT_TRY(use_witnesses(context_, step, covered));
  auto applied = context_.gate.apply(step, request);
  if (applied && !step.vault_reference.empty()) {
    // The new value is where the living fetch it before the step counts as applied; a repeat writes the same value.
    if (auto kept = base::write_secret(step.vault_reference, secrets.new_value); !kept) applied = base::fail(kept.error());
  }
  if (!applied) return after_error(step, number, applied.error());
  context_.breakers.at(step.target.key.system)->succeeded();
  EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::acknowledged, applied->words));
  say(step, "applied; probing");
  EXEUNT_TRY_ASSIGN(out.end, prove_covered(step));
  out.again = out.end == StepEnd::still_open;
  out.wait = out.again ? backoff(context_, number) : base::Duration{0};
  if (out.end == StepEnd::ended) EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::ended, applied->words));
  if (out.end == StepEnd::draining)
    EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::waiting, "what is left cannot be recalled and ends by itself"));
  return out;
}

Result<StepRunner::Attempt> StepRunner::attempt(const ApprovedPlan& plan, const plan::Step& step, int number) {
  Attempt out;
  std::vector<model::Node> covered;
  EXEUNT_TRY_ASSIGN(const bool kept, held_back(step, number, covered));
  if (kept) {
    out.end = StepEnd::waived;
    return out;
  }
  EXEUNT_TRY_ASSIGN(const bool allowed, wait_for_allowance(context_, step.target.key.system));
  if (!allowed) {
    out.end = context_.stop.stop_requested() ? StepEnd::stopped : StepEnd::unreachable;
    return out;
  }
  if (is_task(step.action)) {
    EXEUNT_TRY_ASSIGN(out.end, ask_person(step, number));
    return out;
  }
  model::Inventory listed;
  if (step.by_rule) {
    auto taken = inventory(plan, step);
    if (!taken) return could_not_list(step, number, taken.error());
    listed = std::move(*taken);
  }
  EXEUNT_TRY(relist(plan, step, listed, covered));
  EXEUNT_TRY(take_up_for_others(step, listed));
  if (step.by_rule && covered.empty() && context_.book.ids_of_step(step.id).empty() && last_attempt(context_, step.id) == 0) {
    EXEUNT_TRY(context_.journal.step_outcome(step.id, 0, StepState::skipped, "nothing of what it covers exists"));
    say(step, "nothing to do");
    out.end = StepEnd::ended;
    return out;
  }
  EXEUNT_TRY_ASSIGN(const bool nothing_left, held_back(step, number, covered));
  if (nothing_left) {
    out.end = StepEnd::waived;
    return out;
  }
  // Nothing of this step went out yet: what could not be tried at the beginning of the run is tried now.
  if (last_attempt(context_, step.id) == 0)
    for (const auto& id : context_.book.ids_of_step(step.id)) EXEUNT_TRY(context_.prover.before(id, &step));
  return call(plan, step, number, covered);
}

Result<StepRunner::Attempt> StepRunner::could_not_list(const plan::Step& step, int number, const Error& error) {
  Attempt out;
  say(step, error.what);
  const bool may_come_back =
      error.code == Code::unavailable || error.code == Code::outcome_unknown || error.code == Code::resource_exhausted;
  if (may_come_back) {
    context_.breakers.at(step.target.key.system)->failed();
    out.end = StepEnd::unreachable;
    out.again = true;
    out.wait = backoff(context_, number);
  }
  return out;
}

Result<StepEnd> StepRunner::run(const ApprovedPlan& plan, const plan::Step& step) {
  if (!context_.systems.contains(step.target.key.system)) {
    say(step, "the system is no longer configured");
    return StepEnd::failed;
  }
  const int start = last_attempt(context_, step.id);
  StepEnd end = StepEnd::failed;
  Breaker& breaker = *context_.breakers.at(step.target.key.system);
  const int tries_max = breaker.is_down() ? 1 : context_.retry.attempts_max;
  for (int tries = 1; tries <= tries_max; ++tries) {
    if (context_.stop.stop_requested() || context_.interrupts.cancel_requested(context_.journal.stream().case_id()))
      return StepEnd::stopped;
    EXEUNT_TRY_ASSIGN(const Attempt result, attempt(plan, step, start + tries));
    end = result.end;
    if (!result.again || tries == tries_max) break;
    if (end == StepEnd::still_open && tries >= context_.retry.reapplies_max) break;
    if (breaker.is_down()) break;  // another step found out meanwhile
    if (!pause(context_, result.wait)) return StepEnd::stopped;
  }
  if (end == StepEnd::unreachable) {
    breaker.gave_up();
    say(step, "the system does not answer; the rest of the run goes on without it");
  }
  return end;
}

Result<StepEnd> StepRunner::ask_person(const plan::Step& step, int number) {
  auto& connector = *context_.systems.at(step.target.key.system).connector;
  const auto seen = connector.observe(step.target, {});
  if (seen && seen->presence == connect::Presence::absent) {
    EXEUNT_TRY(context_.journal.task_changed(step.target, "done", seen->words));
    return StepEnd::ended;
  }
  EXEUNT_TRY_ASSIGN(const std::string reference, context_.journal.reference(step.target));
  bool asked_before = false;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) { asked_before = state.tasks.contains(reference); });
  if (asked_before) return StepEnd::waiting;
  connect::ApplyRequest request;
  request.action = step.action;
  request.target = step.target;
  request.target.facts["assignee"] = step.assignee.text();
  request.target.facts["words"] = step.words;
  request.target.facts["due_ms"] = std::to_string(step.due.count());
  request.target.facts["subject"] = context_.plans.front().plan.subject.id.text();
  EXEUNT_TRY(context_.journal.step_intended(step.id, number, step.target, base::JsonObject{{"action", name(step.action)}}));
  const auto asked = context_.gate.apply(step, request);
  if (!asked) {
    EXEUNT_TRY_ASSIGN(const Attempt after, after_error(step, number, asked.error()));
    return after.end;
  }
  EXEUNT_TRY(context_.journal.step_outcome(step.id, number, StepState::acknowledged, asked->words));
  EXEUNT_TRY(context_.journal.task_changed(step.target, "asked", step.words));
  say(step, "asked " + step.assignee.text());
  return StepEnd::waiting;
}

}  // namespace exeunt::engine
