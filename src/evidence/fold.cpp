#include "evidence/fold.hpp"

#include <algorithm>

#include "model/transitions.hpp"

namespace exeunt::evidence {
namespace {

using base::Code;
using base::Status;

tl::unexpected<base::Error> broken(const Leaf& leaf, std::string what) {
  return base::fail(Code::data_loss, "case " + leaf.case_id + ", entry " + std::to_string(leaf.case_seq) + ": " + std::move(what),
                    "run `exeunt doctor`");
}

template <class E>
base::Result<E> need(const Leaf& leaf, std::string_view member, std::string_view text) {
  if (const auto value = model::parse<E>(text)) return *value;
  return broken(leaf, std::string(member) + " \"" + std::string(text) + "\" is unknown");
}

// What a tenant's own stream may hold too; everything else speaks of a case that was opened.
bool may_stand_without_case(LeafKind kind) {
  return kind == LeafKind::log_succeeded || kind == LeafKind::noted || kind == LeafKind::halted || kind == LeafKind::resumed ||
         kind == LeafKind::clock_stepped || kind == LeafKind::watch_summary;
}

Status plan_compiled(CaseFold& fold, const Leaf& leaf) {
  if (leaf.digest.empty()) return broken(leaf, "a plan has no digest");
  const auto found = std::find_if(fold.plans.begin(), fold.plans.end(), [&](const PlanFold& plan) { return plan.name == leaf.step; });
  PlanFold& plan = found == fold.plans.end() ? fold.plans.emplace_back() : *found;
  // The same bytes again change nothing; other bytes need their own approval.
  if (plan.digest != leaf.digest) plan = PlanFold{leaf.step, leaf.digest, {}, leaf.t, {}, {}};
  return {};
}

Status approved(CaseFold& fold, const Leaf& leaf) {
  const auto found = std::find_if(fold.plans.begin(), fold.plans.end(), [&](const PlanFold& plan) { return plan.digest == leaf.digest; });
  if (found == fold.plans.end()) return broken(leaf, "an approval of a plan that this case does not have");
  if (leaf.approver.empty()) return broken(leaf, "an approval without an approver");
  found->approver = leaf.approver;
  found->approved_at = leaf.t;
  found->expires = leaf.until;
  if (found->name.empty() && !fold.approved) fold.approved = leaf.t;
  return {};
}

Status state_changed(CaseFold& fold, const Leaf& leaf) {
  EXEUNT_TRY_ASSIGN(const auto state, need<model::CaseState>(leaf, "state", leaf.state));
  if (auto change = model::may_change(fold.state, state); !change) return broken(leaf, change.error().what);
  if (state == model::CaseState::restoring && std::none_of(fold.plans.begin(), fold.plans.end(), [](const PlanFold& plan) {
        return plan.name == k_restore_plan && plan.approved_at.has_value();
      }))
    return broken(leaf, "it is being restored without an approved plan for that");
  if (fold.state == model::CaseState::halted) fold.halted = false;
  fold.state = state;
  fold.scheduled_at = state == model::CaseState::scheduled ? leaf.until : std::nullopt;
  return {};
}

Status path_found(CaseFold& fold, const Leaf& leaf) {
  EXEUNT_TRY_ASSIGN(const auto node, need<model::NodeKind>(leaf, "node", leaf.node));
  auto grade = model::Grade::unknown;
  if (!leaf.grade.empty()) {
    EXEUNT_TRY_ASSIGN(grade, need<model::Grade>(leaf, "grade", leaf.grade));
  }
  auto state = model::PathState::live;
  if (!leaf.state.empty()) {
    EXEUNT_TRY_ASSIGN(state, need<model::PathState>(leaf, "state", leaf.state));
  }
  if (leaf.target.empty() || leaf.system.empty()) return broken(leaf, "a path without target or system");
  if (leaf.outcome != "required" && leaf.outcome != "watched") return broken(leaf, "a path is neither required nor watched");
  const bool ours = leaf.means == model::name(model::ProbeMeans::witness);
  if (!leaf.means.empty() && !ours) return broken(leaf, "a path is found by itself or opened as a witness, not by " + leaf.means);
  // A path never begins as ended: that would be an ending that nobody saw.
  if (state != model::PathState::live && state != model::PathState::unknown)
    return broken(leaf, "a path is found live or unknown, not " + leaf.state);
  const auto known = fold.paths.find(leaf.target);
  if (known != fold.paths.end() && (known->second.system != leaf.system || known->second.node != node)) {
    return broken(leaf, "the path " + leaf.target + " changes its system or kind");
  }
  PathFold& path = fold.paths[leaf.target];
  if (known == fold.paths.end()) path.state = state;
  path.system = leaf.system;
  path.node = node;
  path.required = leaf.outcome == "required";
  path.grade_required = grade;
  path.ours = path.ours || ours;
  return {};
}

Status witness_intended(const CaseFold& fold, const Leaf& leaf) {
  EXEUNT_TRY(need<model::NodeKind>(leaf, "node", leaf.node));
  if (leaf.step.empty() || leaf.target.empty() || leaf.system.empty()) return broken(leaf, "a witness without step, account or system");
  if (fold.halted) return broken(leaf, "a witness while the case is halted");
  return {};
}

Status listed(CaseFold& fold, const Leaf& leaf) {
  ListingFold listing;
  EXEUNT_TRY_ASSIGN(listing.node, need<model::NodeKind>(leaf, "node", leaf.node));
  EXEUNT_TRY_ASSIGN(listing.completeness, need<model::Completeness>(leaf, "completeness", leaf.completeness));
  listing.system = leaf.system;
  listing.account = leaf.target;
  listing.count = leaf.count.value_or(0);
  fold.listings[leaf.system + " " + leaf.target + " " + leaf.node] = std::move(listing);
  return {};
}

Status gap_declared(CaseFold& fold, const Leaf& leaf) {
  EXEUNT_TRY_ASSIGN(const auto node, need<model::NodeKind>(leaf, "node", leaf.node));
  fold.gaps.emplace(leaf.system, std::string(model::name(node)));
  return {};
}

Status step_intended(CaseFold& fold, const Leaf& leaf) {
  if (leaf.step.empty()) return broken(leaf, "an intent without a step");
  if (fold.halted) return broken(leaf, "an intent while the case is halted");
  const auto known = fold.steps.find(leaf.step);
  const auto from = known == fold.steps.end() ? model::StepState::pending : known->second.state;
  if (auto change = model::may_change(from, model::StepState::intended); !change)
    return broken(leaf, leaf.step + ": " + change.error().what);
  fold.steps[leaf.step] = StepFold{model::StepState::intended, leaf.system, leaf.target, leaf.attempt};
  return {};
}

Status step_outcome(CaseFold& fold, const Leaf& leaf) {
  if (leaf.step.empty()) return broken(leaf, "an outcome without a step");
  EXEUNT_TRY_ASSIGN(const auto outcome, need<model::StepState>(leaf, "outcome", leaf.outcome));
  const auto known = fold.steps.find(leaf.step);
  const StepFold before = known == fold.steps.end() ? StepFold{} : known->second;
  if (auto change = model::may_change(before.state, outcome); !change) return broken(leaf, leaf.step + ": " + change.error().what);
  // Law 1: an outcome of a call belongs to the intent that was written before it.
  if (before.state == model::StepState::intended && leaf.attempt != 0 && leaf.attempt != before.attempt) {
    return broken(leaf, leaf.step + ": an outcome of attempt " + std::to_string(leaf.attempt) + " while attempt " +
                            std::to_string(before.attempt) + " is out");
  }
  StepFold& step = fold.steps[leaf.step];
  step.state = outcome;
  if (!leaf.system.empty()) step.system = leaf.system;
  if (!leaf.target.empty()) step.target = leaf.target;
  return {};
}

Status path_changed(CaseFold& fold, const Leaf& leaf) {
  const auto found = fold.paths.find(leaf.target);
  if (found == fold.paths.end()) return broken(leaf, "a change of the path " + leaf.target + ", which was never found");
  EXEUNT_TRY_ASSIGN(const auto state, need<model::PathState>(leaf, "state", leaf.state));
  auto grade = model::Grade::unknown;
  if (!leaf.grade.empty()) {
    EXEUNT_TRY_ASSIGN(grade, need<model::Grade>(leaf, "grade", leaf.grade));
  }
  PathFold& path = found->second;
  if (state == model::PathState::waived && path.state != state) return broken(leaf, leaf.target + ": waived without an approved exception");
  if (state == model::PathState::restored && fold.state != model::CaseState::restoring)
    return broken(leaf, leaf.target + ": given back in a case that is not being restored");
  // The same state again only tells a grade, a control or an instant anew.
  if (path.state != state) {
    if (auto change = model::may_change(path.state, state); !change) return broken(leaf, leaf.target + ": " + change.error().what);
  }
  if (state == model::PathState::ended && grade == model::Grade::unknown) return broken(leaf, leaf.target + ": an ending without a grade");
  path.state = state;
  path.grade = grade;
  path.means = leaf.means;
  path.control = leaf.control;
  path.until = leaf.until;
  if (!leaf.step.empty()) path.step = leaf.step;
  if (state == model::PathState::live || state == model::PathState::restored) path.first_refused.reset();
  if (state == model::PathState::live) {
    if (path.required) fold.zero.reset();  // what was over is admitted again
  }
  return {};
}

Status probed(CaseFold& fold, const Leaf& leaf) {
  EXEUNT_TRY_ASSIGN(const auto answer, need<model::ProbeAnswer>(leaf, "answer", leaf.answer));
  EXEUNT_TRY_ASSIGN(const auto moment, need<model::ProbeMoment>(leaf, "moment", leaf.moment));
  if (!leaf.state.empty()) EXEUNT_TRY(path_changed(fold, leaf));  // the answer that decided: nothing below can fail
  const auto found = fold.paths.find(leaf.target);
  // A control says nothing about the subject's own path; a target that is no path is only kept for people.
  if (moment == model::ProbeMoment::control || found == fold.paths.end()) return {};
  PathFold& path = found->second;
  if (answer == model::ProbeAnswer::admitted || leaf.outcome == "present") {
    path.last_admitted = leaf.t;
    path.first_refused.reset();
  } else if ((answer == model::ProbeAnswer::refused || leaf.outcome == "absent") && moment != model::ProbeMoment::before &&
             !path.first_refused) {
    path.first_refused = leaf.t;
  }
  return {};
}

Status milestone(CaseFold& fold, const Leaf& leaf) {
  if (leaf.outcome == "identity_cut") {
    fold.identity_cut = leaf.t;
  } else if (leaf.outcome == "zero") {
    fold.zero = leaf.t;
  } else {
    return broken(leaf, "milestone \"" + leaf.outcome + "\" is unknown");
  }
  return {};
}

Status task_changed(CaseFold& fold, const Leaf& leaf) {
  if (leaf.outcome != "asked" && leaf.outcome != "done" && leaf.outcome != "overdue") {
    return broken(leaf, "task outcome \"" + leaf.outcome + "\" is unknown");
  }
  fold.tasks[leaf.target] = leaf.outcome;
  return {};
}

Status exception_asked(CaseFold& fold, const Leaf& leaf) {
  if (leaf.digest.empty() || !leaf.until || leaf.count.value_or(0) < 1)
    return broken(leaf, "an exception without digest, end or number of paths");
  if (!fold.paths.contains(leaf.target)) return broken(leaf, "an exception for the path " + leaf.target + ", which was never found");
  const auto known = fold.exceptions.find(leaf.digest);
  if (known != fold.exceptions.end()) {
    const ExceptionFold& before = known->second;
    if (before.approved_at || before.until != *leaf.until || before.paths_expected != *leaf.count)
      return broken(leaf, "the exception " + leaf.digest + " changes after it was asked for");
    if (std::find(before.paths.begin(), before.paths.end(), leaf.target) != before.paths.end())
      return broken(leaf, "the exception " + leaf.digest + " names the path " + leaf.target + " twice");
    if (static_cast<std::int64_t>(before.paths.size()) == before.paths_expected)
      return broken(leaf, "the exception " + leaf.digest + " names more paths than it said");
  }
  ExceptionFold& asked = fold.exceptions[leaf.digest];
  asked.paths.push_back(leaf.target);
  asked.paths_expected = *leaf.count;
  asked.until = *leaf.until;
  asked.asker = leaf.actor;
  if (!asked.asked_at) asked.asked_at = leaf.t;
  return {};
}

/// The latest end of the exceptions that stand and name the path, `but` left out.
std::optional<base::Time> waived_until(const CaseFold& fold, const std::string& target, const std::string& but) {
  std::optional<base::Time> out;
  for (const auto& [digest, each] : fold.exceptions)
    if (digest != but && each.stands() && std::find(each.paths.begin(), each.paths.end(), target) != each.paths.end() &&
        (!out || each.until > *out))
      out = each.until;
  return out;
}

Status exception_approved(CaseFold& fold, const Leaf& leaf) {
  const auto found = fold.exceptions.find(leaf.digest);
  if (found == fold.exceptions.end()) return broken(leaf, "an approval of an exception that this case was not asked for");
  ExceptionFold& granted = found->second;
  if (leaf.approver.empty()) return broken(leaf, "an exception is approved without an approver");
  if (granted.approved_at) return broken(leaf, "the exception " + leaf.digest + " is approved twice");
  if (leaf.approver == granted.asker || leaf.approver == fold.subject)
    return broken(leaf, "an exception is approved by who asked for it, or by the subject");
  if (static_cast<std::int64_t>(granted.paths.size()) != granted.paths_expected)
    return broken(leaf, "the exception " + leaf.digest + " was not asked for to its end");
  if (leaf.until != granted.until || leaf.t >= granted.until)
    return broken(leaf, "the exception " + leaf.digest + " has another end, or has passed it");
  for (const auto& target : granted.paths) {
    const auto& path = fold.paths.at(target);
    if (path.state == model::PathState::waived) continue;
    if (auto change = model::may_change(path.state, model::PathState::waived); !change)
      return broken(leaf, target + ": " + change.error().what);
  }
  granted.approver = leaf.approver;
  granted.approved_at = leaf.t;
  for (const auto& target : granted.paths) {
    PathFold& path = fold.paths.at(target);
    path.state = model::PathState::waived;
    path.grade = model::Grade::waived;
    path.means.clear();
    path.control.clear();
    path.first_refused.reset();
    path.until = waived_until(fold, target, {});
  }
  return {};
}

Status exception_expired(CaseFold& fold, const Leaf& leaf) {
  const auto found = fold.exceptions.find(leaf.digest);
  if (found == fold.exceptions.end() || !found->second.stands()) return broken(leaf, "an exception ends that did not stand");
  found->second.expired_at = leaf.t;
  for (const auto& target : found->second.paths) {
    PathFold& path = fold.paths.at(target);
    if (path.state != model::PathState::waived) continue;  // it turned out to be over before
    path.until = waived_until(fold, target, leaf.digest);
    if (path.until) continue;
    path.state = model::PathState::live;
    path.grade = model::Grade::unknown;
    if (path.required) fold.zero.reset();  // work again
  }
  return {};
}

Status used(CaseFold& fold, const Leaf& leaf) {
  EXEUNT_TRY(need<model::NodeKind>(leaf, "node", leaf.node));
  EXEUNT_TRY_ASSIGN(const auto moment, need<model::UseMoment>(leaf, "moment", leaf.moment));
  if (leaf.target.empty() || leaf.system.empty()) return broken(leaf, "a sign-in without target or system");
  if (!leaf.count || leaf.until) return broken(leaf, "a sign-in without its instant, or with an end");
  if (!leaf.state.empty()) {
    const auto path = fold.paths.find(leaf.target);
    if (path == fold.paths.end() || path->second.state != model::PathState::ended || leaf.state != model::name(model::PathState::live) ||
        moment != model::UseMoment::after_cut)
      return broken(leaf, "a sign-in makes an ended path live, after its cut, and does nothing else");
    EXEUNT_TRY(path_changed(fold, leaf));
  }
  ++fold.uses[leaf.target][*leaf.count];
  if (moment == model::UseMoment::after_cut) ++fold.used_after_cut;
  return {};
}

Status sign_ins_listed(CaseFold& fold, const Leaf& leaf) {
  EXEUNT_TRY_ASSIGN(const auto completeness, need<model::Completeness>(leaf, "completeness", leaf.completeness));
  if (leaf.system.empty()) return broken(leaf, "a listing of sign-ins without a system");
  fold.sign_ins[leaf.system] = {completeness, base::Duration(leaf.count.value_or(0))};
  return {};
}

Status begin(CaseFold& fold, const Leaf& leaf) {
  if (leaf.subject.empty()) return broken(leaf, "a case without a subject");
  fold.subject = leaf.subject;
  fold.detected = leaf.t;
  return {};
}

// Each of these checks everything before it changes anything: after an error the fold is as before.
Status apply_kind(CaseFold& fold, const Leaf& leaf) {
  switch (leaf.kind) {
    case LeafKind::case_opened: return begin(fold, leaf);
    case LeafKind::plan_compiled: return plan_compiled(fold, leaf);
    case LeafKind::approved: return approved(fold, leaf);
    case LeafKind::state_changed: return state_changed(fold, leaf);
    case LeafKind::path_found: return path_found(fold, leaf);
    case LeafKind::listed: return listed(fold, leaf);
    case LeafKind::gap_declared: return gap_declared(fold, leaf);
    case LeafKind::step_intended: return step_intended(fold, leaf);
    case LeafKind::step_outcome: return step_outcome(fold, leaf);
    case LeafKind::probed: return probed(fold, leaf);
    case LeafKind::path_changed: return path_changed(fold, leaf);
    case LeafKind::task_changed: return task_changed(fold, leaf);
    case LeafKind::halted: fold.halted = true; return {};
    case LeafKind::resumed: fold.halted = false; return {};
    case LeafKind::milestone: return milestone(fold, leaf);
    case LeafKind::witness_intended: return witness_intended(fold, leaf);
    case LeafKind::exception_asked: return exception_asked(fold, leaf);
    case LeafKind::exception_approved: return exception_approved(fold, leaf);
    case LeafKind::exception_expired: return exception_expired(fold, leaf);
    case LeafKind::used: return used(fold, leaf);
    case LeafKind::sign_ins_listed: return sign_ins_listed(fold, leaf);
    case LeafKind::gate_refused:
    case LeafKind::clock_stepped:
    case LeafKind::link_confirmed:
    case LeafKind::record_issued:
    case LeafKind::log_succeeded:
    case LeafKind::noted:
    case LeafKind::watch_summary: return {};
  }
  return broken(leaf, "its kind is unknown");
}

}  // namespace

Status Folder::apply(const Leaf& leaf, const base::Hash32& leaf_hash) {
  if (leaf.case_seq != state_.entries) {
    return broken(leaf, "case_seq does not follow: expected " + std::to_string(state_.entries));
  }
  if (leaf.prev != state_.head) return broken(leaf, "prev is not the hash of the entry before it");
  if (state_.entries > 0 && (leaf.tenant != state_.tenant || leaf.case_id != state_.case_id)) {
    return broken(leaf, "it belongs to tenant " + leaf.tenant + ", case " + leaf.case_id + ", in the stream of case " + state_.case_id);
  }
  if (leaf.tenant.empty() || leaf.case_id.empty()) return broken(leaf, "an entry without tenant or case");
  const bool first_only = leaf.kind == LeafKind::case_opened || leaf.kind == LeafKind::log_succeeded;
  if (first_only && state_.entries != 0) return broken(leaf, std::string(name(leaf.kind)) + " can only be the first entry");
  if (!first_only && !state_.detected && !may_stand_without_case(leaf.kind)) {
    return broken(leaf, std::string(name(leaf.kind)) + " before the case was opened");
  }
  EXEUNT_TRY(apply_kind(state_, leaf));
  if (state_.entries == 0) {
    state_.tenant = leaf.tenant;
    state_.case_id = leaf.case_id;
  }
  ++state_.entries;
  state_.head = leaf_hash;
  return {};
}

}  // namespace exeunt::evidence
