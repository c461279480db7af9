#include "plan/restore.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evidence/fold.hpp"
#include "plan/words.hpp"

namespace exeunt::plan {

using model::Action;
using model::Node;
using model::NodeId;

namespace {

constexpr const char* k_reserve_suffix = ".shut";

bool is_task(Action action) { return action == Action::attest || action == Action::review; }

class Restorer {
 public:
  explicit Restorer(const RestoreInput& input) : input_(input) {}

  base::Result<Plan> run() {
    begin();
    for (const auto& taken : input_.taken) look_at(taken);
    put_in_order();
    add_steps();
    if (out_.steps.empty())
      return base::fail(base::Code::failed_precondition, "this case took nothing that can be given back",
                        out_.irreversible.empty() ? "nothing of it had an effect" : "what it ended: " + out_.irreversible.front());
    if (std::any_of(out_.steps.begin(), out_.steps.end(), [](const Step& step) { return step.needs_secret && !step.reserve; }))
      out_.hand_to = input_.hand_to;
    add_what_follows();
    for (const auto& way : input_.old_ways)
      if (!given_.contains(way.node.id()) && !is_over_by_itself(way)) out_.paths.push_back(way);
    std::sort(out_.paths.begin(), out_.paths.end(), [](const PlannedPath& a, const PlannedPath& b) { return a.node.key < b.node.key; });
    return std::move(out_);
  }

 private:
  void begin() {
    const Plan& first = input_.plans.front();
    out_.tenant = first.tenant;
    out_.case_id = first.case_id;
    out_.name = evidence::k_restore_plan;
    out_.subject = first.subject;
    out_.reason = input_.reason;
    out_.urgency = first.urgency;
    out_.policy_digest = first.policy_digest;
    out_.approval_valid = first.approval_valid;
    out_.through = input_.through;
    for (const auto& plan : input_.plans) {
      out_.links.insert(out_.links.end(), plan.links.begin(), plan.links.end());
      // Who took over what she owned has a stake in it still.
      for (const auto& heir : plan.heirs)
        if (std::find(out_.heirs.begin(), out_.heirs.end(), heir) == out_.heirs.end()) out_.heirs.push_back(heir);
    }
  }

  void cannot(const Step& step, std::string_view why) { out_.irreversible.push_back(fmt::format("{}: {}", sentence(step), why)); }

  void look_at(const TakenStep& taken) {
    const Step& step = taken.step;
    if (is_task(step.action)) return cannot(step, "what people did for the case, people undo");
    const auto catalogue = input_.catalogues.find(step.target.key.system);
    if (catalogue == input_.catalogues.end()) return cannot(step, "the system is no longer configured");
    const model::RestoreSpec* spec = catalogue->second.restore_of(step.action);
    if (spec == nullptr) return cannot(step, "not implemented for this kind of system: give it back by hand");
    if (!spec->by) return cannot(step, spec->words);
    if (!taken.image) return cannot(step, "what it found before it acted was not kept: give it back by hand");
    if (taken.image->empty()) return;  // it was so before: nobody's to give back
    if (!spec->words.empty()) cannot(step, spec->words);
    add(step, *spec, *taken.image);
  }

  void add(const Step& cut, const model::RestoreSpec& spec, const std::vector<Node>& image) {
    Step step;
    step.action = *spec.by;
    step.stage = model::Stage::continuity;
    step.target = cut.target;
    step.needs_secret = spec.new_password;
    step.expected_calls = cut.expected_calls;
    for (const auto& node : image)
      // The first image counts: what came to be after the cut was not hers before it.
      if (given_.insert(node.id()).second) step.gives.push_back(node);
    if (step.gives.empty()) return;
    if (step.action != Action::restore_account) {
      rights_.push_back(std::move(step));
      return;
    }
    Step shut = cut;
    shut.reserve = true;
    shut.stage = step.stage;
    shut.by_rule = false;
    shut.destructive = false;  // counted when it was approved; nothing may hold it back
    shut.after.clear();
    shut.witnesses.clear();
    shut.why = "only where an old way in is let in after the step before it: the account is shut again as the case shut it";
    accounts_.emplace_back(std::move(step), std::move(shut));
  }

  void put_in_order() {
    std::reverse(rights_.begin(), rights_.end());
    std::reverse(accounts_.begin(), accounts_.end());
    std::stable_partition(accounts_.begin(), accounts_.end(),
                          [this](const auto& pair) { return !input_.identity_systems.contains(pair.first.target.key.system); });
  }

  void number(Step& step) {
    step.id = model::StepId(fmt::format("{}.s{:02}", evidence::k_restore_plan, ++count_));
    if (!last_.empty()) step.after = {last_};
    last_ = step.id;
    out_.catalogue_digests[step.target.key.system] = input_.catalogues.at(step.target.key.system).digest();
  }

  void add_steps() {
    for (auto& step : rights_) {
      number(step);
      step.why = "rights first, while the account is still shut: nobody can use them before all of it was looked at";
      out_.steps.push_back(step);
    }
    for (auto& [step, shut] : accounts_) {
      number(step);
      step.why = input_.identity_systems.contains(step.target.key.system)
                     ? "last, because every other system asks the identity provider: until it says yes, nothing else is opened over it"
                     : "after every right, by a new credential only; what opened it before is tried again at once";
      out_.steps.push_back(step);
      shut.id = model::StepId(step.id.text() + k_reserve_suffix);
      shut.after = {step.id};
      out_.steps.push_back(shut);
    }
  }

  /// Accounts that nothing here shut but a lock at their source: by the source's new credential they are let in again, whichever account of its
  /// systems it is. With the last of those, when all are back.
  void add_what_follows() {
    const auto identity = std::find_if(out_.steps.rbegin(), out_.steps.rend(), [this](const Step& step) {
      return step.action == Action::restore_account && input_.identity_systems.contains(step.target.key.system);
    });
    if (identity == out_.steps.rend()) return;
    for (const auto& way : input_.old_ways)
      if (way.node.key.kind == model::NodeKind::account && way.node.says(model::facts::k_locked_at_source) &&
          given_.insert(way.node.id()).second)
        identity->follows.push_back(way.node);
  }

  /// What drained is past its own end and no unlock brings it back. That its account could issue another is what was looked at, and comes back.
  bool is_over_by_itself(const PlannedPath& way) const {
    if (!way.node.says(model::facts::k_drains)) return false;
    for (const auto& plan : input_.plans)
      for (const auto& step : plan.steps)
        if (step.id == way.step) return given_.contains(step.target.id());
    return false;
  }

  const RestoreInput& input_;
  Plan out_;
  std::set<NodeId> given_;
  std::vector<Step> rights_;
  std::vector<std::pair<Step, Step>> accounts_;
  int count_ = 0;
  model::StepId last_;
};

}  // namespace

base::Result<Plan> compile_restore(const RestoreInput& input) { return Restorer(input).run(); }

const Step* reserve_of(const Plan& restore, const Step& step) {
  const auto found = std::find_if(restore.steps.begin(), restore.steps.end(),
                                  [&](const Step& each) { return each.id.text() == step.id.text() + k_reserve_suffix; });
  return found == restore.steps.end() ? nullptr : &*found;
}

}  // namespace exeunt::plan
