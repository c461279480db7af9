// exit_code of evidence/fold.hpp: how bad a case stands, from its fold alone.
#include <algorithm>
#include <array>

#include "evidence/fold.hpp"
#include "model/transitions.hpp"

namespace exeunt::evidence {
namespace {

constexpr int k_all_ended = 0;
constexpr int k_admitted = 3;
constexpr int k_unknown = 4;
constexpr int k_waits_for_approval = 5;
constexpr int k_draining = 8;

int of_path(const PathFold& path, const std::optional<base::Time>& now) {
  switch (now ? at(path, *now).state : path.state) {
    case model::PathState::waived:
    case model::PathState::restored: return k_all_ended;
    case model::PathState::ended: return model::at_least(path.grade, path.grade_required) ? k_all_ended : k_unknown;
    case model::PathState::draining: return k_draining;
    case model::PathState::unknown: return k_unknown;
    case model::PathState::live: return k_admitted;
    case model::PathState::ending: return path.last_admitted && !path.first_refused ? k_admitted : k_unknown;
  }
  return k_unknown;
}

// Law 7: below full a listing leaves something unknown, unless the account that it hangs on was itself refused, witnessed or waived.
bool covers(const CaseFold& state, const ListingFold& listing) {
  if (listing.completeness == model::Completeness::full) return true;
  const auto account = state.paths.find(listing.account);
  if (listing.account.empty() || account == state.paths.end() || account->second.node != model::NodeKind::account) return false;
  const PathFold& path = account->second;
  return path.state == model::PathState::waived || path.state == model::PathState::restored ||
         (path.state == model::PathState::ended && model::at_least(path.grade, model::Grade::witnessed));
}

bool waits_for_approval(const CaseFold& state) {
  using C = model::CaseState;
  if (state.state == C::draft || state.state == C::waiting_approval || state.state == C::halted || state.halted) return true;
  if (state.state == C::restoring) return true;  // begun and not at its end: it has to be run on
  if (std::any_of(state.plans.begin(), state.plans.end(),
                  [](const PlanFold& plan) { return plan.approver.empty() && plan.name != k_restore_plan; }))
    return true;
  return std::any_of(state.steps.begin(), state.steps.end(), [](const auto& step) { return step.second.state == model::StepState::held; });
}

}  // namespace

namespace {

int worst_of(const CaseFold& state, const std::optional<base::Time>& now) {
  constexpr std::array<int, 5> k_worst_first = {k_admitted, k_unknown, k_draining, k_waits_for_approval, k_all_ended};
  std::array<bool, 16> seen{};
  for (const auto& [target, path] : state.paths) {
    if (path.required) seen[static_cast<std::size_t>(of_path(path, now))] = true;
  }
  for (const auto& [key, listing] : state.listings) {
    if (!covers(state, listing)) seen[k_unknown] = true;
  }
  if (waits_for_approval(state)) {
    seen[k_waits_for_approval] = true;
  } else if (state.paths.empty() && state.listings.empty() && !model::is_terminal(state.state)) {
    seen[k_unknown] = true;  // nothing was looked at yet
  }
  for (const int code : k_worst_first) {
    if (seen[static_cast<std::size_t>(code)]) return code;
  }
  return k_all_ended;
}

}  // namespace

PathFold at(const PathFold& path, base::Time now) {
  PathFold out = path;
  if (path.state != model::PathState::waived || !path.until || *path.until > now) return out;
  out.state = model::PathState::live;
  out.grade = model::Grade::unknown;
  out.until.reset();
  return out;
}

bool has_expired(const CaseFold& state, base::Time now) {
  return std::any_of(state.exceptions.begin(), state.exceptions.end(),
                     [&](const auto& each) { return each.second.stands() && each.second.until <= now; });
}

int exit_code(const CaseFold& state) { return worst_of(state, std::nullopt); }
int exit_code(const CaseFold& state, base::Time now) { return worst_of(state, now); }

}  // namespace exeunt::evidence
