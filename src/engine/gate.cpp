#include "engine/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"
#include "base/json.hpp"
#include "plan/exception.hpp"
#include "plan/restore.hpp"

namespace exeunt::engine {

using base::Code;
using base::Error;

std::string_view name(Guard guard) {
  switch (guard) {
    case Guard::none: return "none";
    case Guard::halted: return "halted";
    case Guard::not_approved: return "not_approved";
    case Guard::out_of_plan: return "out_of_plan";
    case Guard::protected_identity: return "protected_identity";
    case Guard::last_administrator: return "last_administrator";
    case Guard::blast_radius: return "blast_radius";
    case Guard::exception: return "exception";
  }
  return "none";
}

namespace {

GateRefusal refuse(Guard guard, std::string what, std::string next) {
  return {guard, Error{Code::failed_precondition, std::move(what), std::move(next)}};
}

/// With the facts that were approved, not others.
bool gives(const plan::Step& planned, const model::Node& node) {
  return std::any_of(planned.gives.begin(), planned.gives.end(),
                     [&](const model::Node& each) { return each.key == node.key && each.facts == node.facts; });
}

bool is_account_action(model::Action action) {
  return action == model::Action::disable_account || action == model::Action::lock_and_replace ||
         action == model::Action::replace_password || action == model::Action::delete_account;
}

}  // namespace

bool has_approval(const evidence::CaseFold& state, const std::string& plan_digest) {
  return std::any_of(state.plans.begin(), state.plans.end(), [&](const evidence::PlanFold& plan) {
    return plan.digest == plan_digest && plan.approved_at && !plan.approver.empty();
  });
}

std::optional<GateRefusal> LastGate::refuses(bool approved, const plan::Plan& plan, const std::string& plan_digest, const plan::Step& step,
                                             const std::vector<model::Node>& covered, const std::set<model::NodeId>& waived) {
  if (const auto who = interrupts_.halted())
    return refuse(Guard::halted, "everything is halted: " + *who, "lift the halt with a second person: `exeunt halt --help`");
  if (!approved)
    return refuse(Guard::not_approved, fmt::format("plan {} has no approval in this case", plan_digest.substr(0, 12)),
                  "have it approved: `exeunt approval show`");
  const plan::Step* const planned = planned_step(plan, plan_digest, step.id);
  if (planned == nullptr || planned->target.key != step.target.key || planned->action != step.action)
    return refuse(Guard::out_of_plan, fmt::format("step {} is not what the plan says", step.id.text()),
                  "this is a fault of Exeunt's: report it");
  for (const auto& node : covered) {
    const bool in_rule = model::is_restoring(planned->action)
                             ? gives(*planned, node)
                             : node.key == step.target.key ||
                                   std::find(planned->covers.begin(), planned->covers.end(), node.key.kind) != planned->covers.end();
    if (node.key.system != step.target.key.system || !in_rule)
      return refuse(Guard::out_of_plan, fmt::format("step {} does not cover {}", step.id.text(), base::escape_terminal(node.id().text())),
                    "a delta plan is needed for it");
  }
  if (auto refusal = protected_identity(plan, step, covered)) return refusal;
  if (auto refusal = exception(*planned, covered, waived)) return refusal;
  if (is_account_action(step.action) && !planned->reserve)  // it was looked at when the case shut the account
    if (auto refusal = last_administrator(step)) return refusal;
  if (step.destructive)
    if (auto refusal = blast_radius(plan, std::max<std::size_t>(1, covered.size()))) return refusal;
  return std::nullopt;
}

std::optional<GateRefusal> LastGate::exception(const plan::Step& planned, const std::vector<model::Node>& covered,
                                               const std::set<model::NodeId>& waived) {
  if (waived.empty()) return std::nullopt;
  const model::Catalogue* catalogue = &systems_.at(planned.target.key.system).connector->catalogue();
  const auto keeps = [&](const model::NodeId& id) {
    return refuse(Guard::exception,
                  fmt::format("step {} would end {}, which an exception keeps", planned.id.text(), base::escape_terminal(id.text())),
                  "wait until the exception expires: `exeunt exception list`");
  };
  if (waived.contains(planned.target.id()) && plan::shuts_its_target(planned, catalogue)) return keeps(planned.target.id());
  for (const auto& node : covered)
    if (waived.contains(node.id())) return keeps(node.id());
  for (const auto& id : waived) {
    const auto key = model::parse_node_id(id);
    const bool by_rule =
        key && id != planned.target.id() && std::find(planned.covers.begin(), planned.covers.end(), key->kind) != planned.covers.end();
    if (by_rule && !plan::can_leave_out(planned, catalogue, key->kind)) return keeps(id);
  }
  return std::nullopt;
}

const plan::Step* LastGate::planned_step(const plan::Plan& plan, const std::string& plan_digest, const model::StepId& step) {
  const std::lock_guard lock(mutex_);
  const auto [index, fresh] = planned_.try_emplace(plan_digest);
  for (std::size_t i = 0; fresh && i < plan.steps.size(); ++i) index->second.emplace(plan.steps[i].id, i);
  const auto found = index->second.find(step);
  return found == index->second.end() || found->second >= plan.steps.size() ? nullptr : &plan.steps[found->second];
}

base::Result<std::set<model::NodeId>> LastGate::own_accounts(const model::SystemId& system) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = own_accounts_.find(system);
    if (found != own_accounts_.end()) return found->second;
  }
  EXEUNT_TRY_ASSIGN(const auto keys, systems_.at(system).connector->own_accounts({}));
  std::set<model::NodeId> ids;
  for (const auto& key : keys) ids.insert(model::node_id(key));
  const std::lock_guard lock(mutex_);
  return own_accounts_.insert_or_assign(system, std::move(ids)).first->second;
}

std::optional<GateRefusal> LastGate::protected_identity(const plan::Plan& plan, const plan::Step& step,
                                                        const std::vector<model::Node>& covered) {
  if (std::find(policy_.protected_people.begin(), policy_.protected_people.end(), plan.subject.id) != policy_.protected_people.end())
    return refuse(Guard::protected_identity, fmt::format("person {} is protected by the policy", plan.subject.id.text()),
                  "two persons must take the protection away first");
  auto own = own_accounts(step.target.key.system);
  if (!own) return GateRefusal{Guard::protected_identity, own.error().about("Exeunt's own accounts could not be listed")};
  const auto is_protected = [&](const model::NodeId& id) {
    return own->contains(id) ||
           std::find(policy_.protected_nodes.begin(), policy_.protected_nodes.end(), id) != policy_.protected_nodes.end();
  };
  std::vector<model::NodeId> ids{step.target.id()};
  for (const auto& node : covered) ids.push_back(node.id());
  for (const auto& id : ids)
    if (is_protected(id))
      return refuse(Guard::protected_identity, base::escape_terminal(id.text()) + " is protected",
                    "two persons must take the protection away first");
  return std::nullopt;
}

std::optional<GateRefusal> LastGate::last_administrator(const plan::Step& step) {
  auto listing = systems_.at(step.target.key.system).connector->accounts({});
  if (!listing) return GateRefusal{Guard::last_administrator, listing.error().about("the administrators could not be listed")};
  auto own = own_accounts(step.target.key.system);
  if (!own) return GateRefusal{Guard::last_administrator, own.error().about("Exeunt's own accounts could not be listed")};
  bool target_is_administrator = false;
  int others = 0;
  for (const auto& account : listing->accounts) {
    if (!account.administrator || !account.enabled) continue;
    if (account.node.key == step.target.key)
      target_is_administrator = true;
    else if (!own->contains(account.node.id()))
      ++others;
  }
  if (!target_is_administrator || others > 0) return std::nullopt;
  return refuse(Guard::last_administrator,
                base::escape_terminal(step.target.label) + " is the last administrator of " + step.target.key.system.text(),
                "give another person administration first, then run the case again");
}

std::optional<GateRefusal> LastGate::blast_radius(const plan::Plan& plan, std::size_t calls) {
  const std::lock_guard lock(mutex_);
  auto stored = store_.get_register("blast_radius");
  if (!stored) return GateRefusal{Guard::blast_radius, stored.error()};
  base::JsonArray kept;
  std::set<std::string> subjects{plan.subject.id.text()};
  std::int64_t spent = static_cast<std::int64_t>(calls);
  const std::int64_t now = clock_.now().time_since_epoch().count();
  if (*stored) {
    const auto parsed = base::parse_json(**stored);
    if (!parsed || !parsed->is_array())
      return refuse(Guard::blast_radius, "the register of destructive calls is unreadable", "run `exeunt doctor`");
    for (const auto& row : parsed->as_array()) {
      const auto& fields = row.as_array();
      // Entries from the future (a clock that stepped back) still count: errors fall on the safe side.
      if (fields.at(0).as_int64() < now - policy_.blast_window.count()) continue;
      subjects.insert(std::string(fields.at(1).as_string()));
      spent += fields.at(2).as_int64();
      kept.push_back(row);
    }
  }
  if (static_cast<int>(subjects.size()) > policy_.subjects_max)
    return refuse(
        Guard::blast_radius,
        fmt::format("{} subjects within {} min, {} allowed", subjects.size(), policy_.blast_window.count() / 60000, policy_.subjects_max),
        "wait, or raise blast_radius.subjects_max in policy.yaml with two persons");
  if (spent > policy_.destructive_calls_max)
    return refuse(Guard::blast_radius,
                  fmt::format("{} destructive calls within {} min, {} allowed", spent, policy_.blast_window.count() / 60000,
                              policy_.destructive_calls_max),
                  "wait, or raise blast_radius.destructive_calls_max in policy.yaml with two persons");
  kept.push_back(base::JsonArray{now, plan.subject.id.text(), static_cast<std::int64_t>(calls)});
  // Counted before the call goes out: a crash between leaves one call too many counted, never one too few.
  if (auto put = store_.put_register("blast_radius", base::canonical_json(kept)); !put)
    return GateRefusal{Guard::blast_radius, put.error()};
  return std::nullopt;
}

base::Result<connect::ApplyOutcome> LastGate::apply(const plan::Step& step, const connect::ApplyRequest& request) {
  if (const auto who = interrupts_.halted()) return base::fail(Code::cancelled, "everything is halted: " + *who);
  return systems_.at(step.target.key.system).connector->apply(request);
}

base::Result<std::unique_ptr<connect::Witness>> LastGate::open_witness(const plan::Step& step, const connect::WitnessRequest& request) {
  if (const auto who = interrupts_.halted()) return base::fail(Code::cancelled, "everything is halted: " + *who);
  const bool planned = std::find(step.witnesses.begin(), step.witnesses.end(), request.kind) != step.witnesses.end();
  if (!planned || request.account.key != step.target.key)
    return base::fail(Code::failed_precondition, fmt::format("step {} opens no such witness", step.id.text()),
                      "this is a fault of Exeunt's: report it");
  return systems_.at(step.target.key.system).connector->open_witness(request);
}

}  // namespace exeunt::engine
