#include "engine/sign_in_look.hpp"

#include <algorithm>

namespace exeunt::engine {

using base::Result;
using base::Status;
using model::NodeKind;
using model::PathState;
using model::UseMoment;

namespace {

constexpr base::Duration k_answer_wait_max{10'000};  // before the cut others wait for it
constexpr base::Duration k_offset_step_min{2'000};   // a smaller change of the offset is no entry
constexpr int k_uses_written_max = 1'000;            // of one target, before its cut; after it every one is written

bool is_account(const model::Node& node) { return node.key.kind == NodeKind::account; }

}  // namespace

UseMoment moment_of(const UseInstant& use, bool ended, std::optional<base::Time> first_refused) {
  if (!ended) return UseMoment::before_cut;
  if (!first_refused) return UseMoment::undecided;
  if (use.at + use.error < *first_refused) return UseMoment::before_cut;
  return use.at - use.error > *first_refused ? UseMoment::after_cut : UseMoment::undecided;
}

/// One look at one system.
struct SignInLook::Reading {
  model::SystemId system;
  connect::SignInListing listing;
  bool asked = false;                                        // the system answered: its clock is known
  std::optional<evidence::SignInsFold> before;               // what the journal says of the source
  std::map<std::string, std::map<std::int64_t, int>> known;  // what it holds of each target
  std::map<std::pair<std::string, std::int64_t>, int> seen;  // what this look was told
  int left_out = 0;

  /// Counts: as many as the journal holds of that instant are known, one more is new.
  [[nodiscard]] bool is_known(const std::string& reference, base::Time at) {
    const std::int64_t instant = at.time_since_epoch().count();
    const std::map<std::int64_t, int>& uses = known[reference];
    const auto found = uses.find(instant);
    return ++seen[{reference, instant}] <= (found == uses.end() ? 0 : found->second);
  }
  [[nodiscard]] UseInstant instant_of(const connect::SignIn& sign_in) const {
    // A clock that was set meanwhile wrote earlier entries with another offset: between the two nothing is certain.
    const base::Duration moved =
        before ? base::Duration(std::abs((listing.clock_offset - before->clock_offset).count())) : base::Duration{0};
    return {sign_in.at - listing.clock_offset, listing.clock_error + moved};
  }
};

connect::SignInRequest SignInLook::request_for(const model::SystemId& system) const {
  connect::SignInRequest request;
  request.deadline.timeout = k_answer_wait_max;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) { request.since = state.detected.value_or(base::Time{}); });
  // Hers alone are the accounts that plans reach by name and steps are for; of an account that a shared secret opens nobody could tell who it was.
  std::set<model::NodeId> hers;
  for (const auto& approved : context_.plans) {
    for (const auto& link : approved.plan.links) hers.insert(link.account);
    for (const auto& step : approved.plan.steps)
      if (is_account(step.target)) hers.insert(step.target.id());
  }
  for (const PathRecord& path : context_.book.all()) {
    if (path.node.key.system != system) continue;
    if (path.ours) {
      request.ours.push_back(path.node);
    } else if (!is_account(path.node)) {
      request.paths.push_back(path.node);
    } else if (hers.contains(path.node.id()) && !context_.book.find(model::node_id({system, NodeKind::secret, path.node.key.native_id}))) {
      request.accounts.push_back(path.node);
    }
  }
  return request;
}

Result<bool> SignInLook::look() {
  opened_ = false;
  std::vector<std::pair<model::SystemId, std::function<Status()>>> jobs;
  for (const auto& [id, system] : context_.systems) jobs.emplace_back(id, [this, key = id] { return look_at(key); });
  EXEUNT_TRY(stages_.on_systems(jobs));
  return opened_;
}

Status SignInLook::look_at(const model::SystemId& system) {
  const connect::SignInRequest request = request_for(system);
  if (request.accounts.empty() && request.paths.empty()) return {};
  Reading reading;
  reading.system = system;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) {
    reading.known = state.uses;
    if (const auto found = state.sign_ins.find(system.text()); found != state.sign_ins.end()) reading.before = found->second;
  });
  if (auto listing = context_.systems.at(system).connector->sign_ins(request)) {
    reading.listing = std::move(*listing);
    reading.asked = true;
  } else {
    reading.listing.reason = listing.error().text();
  }
  for (const auto& sign_in : reading.listing.sign_ins) {
    const UseInstant instant = reading.instant_of(sign_in);
    if (instant.at + instant.error >= request.since) EXEUNT_TRY(take(sign_in, reading));
  }
  return note_source(reading);
}

Status SignInLook::take(const connect::SignIn& sign_in, Reading& reading) {
  auto path = context_.book.find(model::node_id(sign_in.used));
  if (!path) path = context_.book.find(sign_in.account);
  if (path && path->ours) return {};
  model::Node node;
  node.key = sign_in.used;
  if (path) node = path->node;
  EXEUNT_TRY_ASSIGN(const std::string reference, context_.journal.reference(node));
  if (reading.is_known(reference, sign_in.at)) return {};
  const bool ended = path && path->state == PathState::ended;
  const UseInstant instant = reading.instant_of(sign_in);
  const UseMoment moment = instant.at - instant.error > context_.clock.now() ? UseMoment::undecided  // its clock was wrong then, or is now
                                                                             : moment_of(instant, ended, first_refused(reference));
  if (moment == UseMoment::before_cut && static_cast<int>(reading.known[reference].size()) >= k_uses_written_max)
    return ++reading.left_out, Status{};
  const Use use{sign_in, reading.listing.clock_offset, instant.error, moment};
  if (!ended || moment == UseMoment::before_cut) return context_.journal.used(node, use, nullptr);
  EXEUNT_TRY_ASSIGN(const PathState now, open_or_try(*path, use));
  const std::lock_guard lock(mutex_);
  opened_ = opened_ || now != PathState::ended;
  return {};
}

/// Of an ended path: after its cut it is live; where the clocks do not tell it is tried.
Result<PathState> SignInLook::open_or_try(const PathRecord& path, const Use& use) {
  const model::NodeId id = path.node.id();
  if (use.moment == UseMoment::after_cut) {
    const PathChange opened{path.step,
                            {PathState::live, model::Grade::unknown, "none", "used after its end: " + use.sign_in.words},
                            model::ProbeMeans::observe};
    EXEUNT_TRY(context_.journal.used(path.node, use, &opened));
    context_.book.note_verdict(id, PathState::live, model::Grade::unknown, context_.clock.now());
    return PathState::live;
  }
  EXEUNT_TRY(context_.journal.used(path.node, use, nullptr));
  const StepRef* const ref = stages_.find(path.step);
  return context_.prover.prove(id, ref == nullptr ? nullptr : ref->step, model::ProbeMoment::settled);
}

std::optional<base::Time> SignInLook::first_refused(const std::string& reference) const {
  std::optional<base::Time> out;
  context_.journal.stream().inspect([&](const evidence::CaseFold& state) {
    if (const auto path = state.paths.find(reference); path != state.paths.end()) out = path->second.first_refused;
  });
  return out;
}

Status SignInLook::note_source(const Reading& reading) {
  connect::SignInListing listing = reading.listing;
  if (!reading.asked && reading.before) listing.clock_offset = reading.before->clock_offset;
  if (reading.left_out > 0 && listing.completeness == model::Completeness::full) {
    listing.completeness = model::Completeness::partial;
    listing.reason =
        "more than " + std::to_string(k_uses_written_max) + " sign-ins over one way in: the rest before its cut is not written";
  }
  const bool other_worth = !reading.before || reading.before->completeness != listing.completeness;
  const bool other_clock =
      reading.before && std::abs((reading.before->clock_offset - listing.clock_offset).count()) >= k_offset_step_min.count();
  if (!other_worth && !other_clock) return {};
  EXEUNT_TRY(context_.journal.sign_ins_listed(reading.system, listing));
  if (!other_worth || listing.completeness == model::Completeness::full) return {};
  return context_.journal.gap_declared({reading.system, NodeKind::account, "successful sign-ins are not all seen: " + listing.reason});
}

}  // namespace exeunt::engine
