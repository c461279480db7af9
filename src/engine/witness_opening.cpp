#include "engine/witness_opening.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace exeunt::engine {

using base::Status;
using model::NodeKind;

namespace {

bool has(const std::vector<NodeKind>& kinds, NodeKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }

/// What is held open: of these a person has to do nothing new to go on.
bool can_be_held(NodeKind kind) { return kind == NodeKind::session || kind == NodeKind::token; }

/// The step of the same plan that ends this kind on the same account: the witness ends with hers, or is not opened.
const plan::Step* ending_step(const plan::Plan& plan, const plan::Step& step, NodeKind kind) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const plan::Step& other) {
    return other.by_rule && other.target.key == step.target.key && has(other.covers, kind);
  });
  return found == plan.steps.end() ? nullptr : &*found;
}

bool was_begun(RunContext& context, const plan::Step& step) {
  bool begun = false;
  context.journal.stream().inspect([&](const evidence::CaseFold& state) {
    const auto found = state.steps.find(step.id.text());
    begun = found != state.steps.end() && found->second.attempt > 0;
  });
  return begun;
}

Status say_gap(RunContext& context, const model::Node& account, NodeKind kind, const std::string& why) {
  model::Gap gap{account.key.system, kind,
                 fmt::format("no {} of ours was held beside those of \"{}\": {}; that they ended is seen in listings, not tried",
                             name(kind), account.label, why)};
  if (!context.witnesses.first_time(account.key.system.text() + " " + gap.words)) return {};
  return context.journal.gap_declared(gap);
}

/// Why a witness would show nothing any more; empty: it may be opened.
std::string too_late(RunContext& context, const plan::Step& step, const plan::Step* ending) {
  if (ending == nullptr) return "the plan has no step that would end it";
  if (was_begun(context, *ending)) return "an earlier attempt has ended some already";
  const auto account = context.book.find(step.target.id());
  if (account && account->state == model::PathState::ended) return "the account is shut already";
  return {};
}

Status open_one(RunContext& context, const plan::Step& step, const plan::Step& ending, int attempt,
                const connect::WitnessRequest& request) {
  const model::Node& account = request.account;
  EXEUNT_TRY(context.journal.witness_intended(step.id, attempt, account, request.kind));
  auto& connector = *context.systems.at(account.key.system).connector;
  // The control first: without it the witness could show nothing, and is not opened.
  auto control = connector.open_control_witness(request.kind, request.deadline);
  if (!control) return say_gap(context, account, request.kind, control.error().text());
  const auto finding = context.book.finding(account.key.system);  // nobody lists it as hers meanwhile
  auto witness = context.gate.open_witness(step, request);
  if (!witness && witness.error().code == base::Code::cancelled) return {};  // halted: the call is not made either
  if (!witness) return say_gap(context, account, request.kind, witness.error().text());
  PathRecord record;
  record.node = (*witness)->node();
  record.node.label = fmt::format("{} of ours on {}, opened by this case", name(request.kind), account.label);
  record.ours = true;
  record.step = ending.id;
  const model::Node node = record.node;
  // A name that is in the case already (an address that was hers before): what is hers never becomes ours.
  if (context.book.knows(node.id())) return say_gap(context, account, request.kind, "its name was one of hers before");
  EXEUNT_TRY(context.journal.path_found(node, true, model::Grade::read_back, "opened by " + step.id.text() + " as a witness", Whose::ours));
  context.book.add(std::move(record));
  context.witnesses.keep(account.id(), std::move(*witness), std::move(*control));
  return {};
}

}  // namespace

Status open_witnesses(RunContext& context, const plan::Plan& plan, const plan::Step& step, int attempt, const base::Secret& password) {
  for (const NodeKind kind : step.witnesses) {
    if (context.witnesses.holds(step.target.id(), kind)) continue;
    const plan::Step* const ending = ending_step(plan, step, kind);
    connect::WitnessRequest request;
    request.account = step.target;
    if (const auto known = context.book.find(step.target.id())) request.account = known->node;
    if (const std::string why = too_late(context, step, ending); !why.empty()) {
      EXEUNT_TRY(say_gap(context, request.account, kind, why));
      continue;
    }
    request.kind = kind;
    request.password = &password;
    EXEUNT_TRY(open_one(context, step, *ending, attempt, request));
  }
  return {};
}

Status use_witnesses(RunContext& context, const plan::Step& step, const std::vector<model::Node>& covered) {
  if (!step.by_rule || step.target.key.kind != NodeKind::account) return {};
  for (const NodeKind kind : step.covers) {
    if (!can_be_held(kind)) continue;
    const auto sight = context.witnesses.use_before(step.target.id(), kind, covered);
    if (sight) {
      EXEUNT_TRY(
          context.journal.seen(sight->node, model::ProbeMoment::before, {context.clock.now(), sight->before, sight->control_before, {}}));
    } else if (!context.witnesses.holds(step.target.id(), kind)) {
      const auto& catalogue = context.systems.at(step.target.key.system).connector->catalogue();
      const bool can = std::any_of(catalogue.actions.begin(), catalogue.actions.end(),
                                   [&](const model::ActionSpec& action) { return has(action.witnesses, kind); });
      if (!can) EXEUNT_TRY(say_gap(context, step.target, kind, fmt::format("{} cannot open any", catalogue.kind)));
    }
  }
  return {};
}

}  // namespace exeunt::engine
