#include "model/transitions.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/check.hpp"

namespace exeunt::model {
namespace {

template <class S>
struct Row {
  S from;
  std::initializer_list<S> to;
};

using C = CaseState;
constexpr Row<C> k_case[] = {
    // A plan is made and waits for its signature; another plan for the same person takes its place; or nothing comes of it.
    {C::draft, {C::waiting_approval, C::cancelled, C::superseded}},
    // Approved: now or at a time. A changed policy or catalogue sends it back to be planned anew.
    {C::waiting_approval, {C::draft, C::scheduled, C::running, C::cancelled, C::superseded}},
    // The approval may expire before the time comes. Nothing was changed yet, so cancelling has nothing to wait for.
    {C::scheduled, {C::waiting_approval, C::running, C::halted, C::cancelled, C::superseded}},
    // What is left decides where it waits (an approval: of a delta plan); closed only when every required path ended at its grade.
    {C::running,
     {C::halted, C::waiting_approval, C::waiting_draining, C::waiting_device, C::waiting_person, C::cancelling, C::superseded, C::closed}},
    // Two persons let it go on, at whatever it was doing; whether anything is left to wait for is then found out anew.
    {C::halted, {C::scheduled, C::running, C::reopened, C::cancelling, C::restoring}},
    // A timer, a device or a person wakes it into running; the last of them may find that everything ended.
    {C::waiting_draining, {C::running, C::halted, C::waiting_device, C::waiting_person, C::cancelling, C::superseded, C::closed}},
    {C::waiting_device, {C::running, C::halted, C::waiting_draining, C::waiting_person, C::cancelling, C::superseded, C::closed}},
    {C::waiting_person, {C::running, C::halted, C::waiting_draining, C::waiting_device, C::cancelling, C::superseded, C::closed}},
    // Calls that are out get their outcome first.
    {C::cancelling, {C::cancelled, C::halted}},
    // Only what this case removed comes back.
    {C::cancelled, {C::restoring}},
    {C::superseded, {}},
    // The watch found a way in again, or an exception ran out; or the person comes back.
    {C::closed, {C::reopened, C::restoring}},
    // What the approved plan covers runs at once; anything beyond waits for a delta plan's approval.
    {C::reopened, {C::running, C::waiting_approval, C::waiting_person, C::halted, C::cancelling, C::superseded, C::closed}},
    {C::restoring, {C::restored, C::halted}},
    {C::restored, {}},
};

using S = StepState;
constexpr Row<S> k_step[] = {
    // `failed` without an intent: the listing before it did not succeed, nothing went out.
    {S::pending, {S::intended, S::failed, S::held, S::waiting, S::skipped}},
    // The three outcomes of a call. A crash here leaves `intended`, which a restart reads as outcome_unknown.
    {S::intended, {S::acknowledged, S::outcome_unknown, S::failed}},
    // Ended when refused or absent; again when a fresh listing found more; failed when it is seen to have changed nothing.
    {S::acknowledged, {S::intended, S::outcome_unknown, S::failed, S::held, S::waiting, S::ended}},
    // Observed first: applied, not applied, or the same call once more. It may also be seen that nothing of it is left.
    {S::outcome_unknown, {S::intended, S::acknowledged, S::failed, S::held, S::waiting, S::ended}},
    // Certainly not applied: again, later, or no longer needed because another step or the system's own people ended it.
    {S::failed, {S::intended, S::held, S::waiting, S::ended, S::skipped}},
    // Let go on, it begins where it would have begun.
    {S::held, {S::pending, S::intended, S::failed, S::waiting, S::ended, S::skipped}},
    // An instant, a device, a person. An attested task ends here.
    {S::waiting, {S::pending, S::intended, S::acknowledged, S::failed, S::held, S::ended, S::skipped}},
    // An ending ages: re-asserted after a later step touched the account, or when it was admitted again.
    {S::ended, {S::intended, S::held, S::waiting}},
    // Nothing was there; something turned up.
    {S::skipped, {S::pending, S::intended, S::held, S::waiting}},
};

using P = PathState;
constexpr Row<P> k_path[] = {
    // Ended without `ending`: it was over before our call (gone by itself, or below something that ended).
    {P::live, {P::ending, P::draining, P::ended, P::waived, P::unknown, P::restored}},
    // Still admitted after the call: live again.
    {P::ending, {P::live, P::draining, P::ended, P::waived, P::unknown, P::restored}},
    // Cannot be revoked; at its end it is tried again.
    {P::draining, {P::live, P::ending, P::ended, P::waived, P::unknown}},
    // Admitted again, or re-asserted, or no longer to be shown (its control was lost at the settle probe).
    {P::ended, {P::live, P::ending, P::draining, P::unknown, P::restored}},
    // An exception expires into work; it may also turn out to be over.
    {P::waived, {P::live, P::ending, P::draining, P::ended, P::unknown}},
    {P::unknown, {P::live, P::ending, P::draining, P::ended, P::waived, P::restored}},
    // Shut again: what opened it before was found to be let in beside the new credential.
    {P::restored, {P::live, P::ending, P::ended, P::unknown}},
};

template <class State, std::size_t N>
base::Status look_up(const Row<State> (&table)[N], std::string_view what, State from, State to) {
  const auto* row = std::find_if(std::begin(table), std::end(table), [&](const Row<State>& r) { return r.from == from; });
  EXEUNT_CHECK(row != std::end(table));
  if (std::find(row->to.begin(), row->to.end(), to) != row->to.end()) return {};
  return base::fail(base::Code::failed_precondition,
                    std::string(what) + " cannot go from " + std::string(name(from)) + " to " + std::string(name(to)));
}

}  // namespace

base::Status may_change(CaseState from, CaseState to) { return look_up(k_case, "a case", from, to); }
base::Status may_change(StepState from, StepState to) { return look_up(k_step, "a step", from, to); }
base::Status may_change(PathState from, PathState to) { return look_up(k_path, "a path", from, to); }

bool is_terminal(CaseState state) { return state == C::closed || state == C::cancelled || state == C::superseded || state == C::restored; }

}  // namespace exeunt::model
