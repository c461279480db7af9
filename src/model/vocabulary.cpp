#include "model/vocabulary.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.hpp"

namespace exeunt::model {
namespace {

template <class E, std::size_t N>
using Names = std::array<std::pair<E, std::string_view>, N>;

constexpr Names<NodeKind, 17> k_node_kind{{{NodeKind::subject, "subject"},
                                           {NodeKind::account, "account"},
                                           {NodeKind::session, "session"},
                                           {NodeKind::token, "token"},
                                           {NodeKind::key, "key"},
                                           {NodeKind::certificate, "certificate"},
                                           {NodeKind::membership, "membership"},
                                           {NodeKind::role, "role"},
                                           {NodeKind::grant, "grant"},
                                           {NodeKind::delegation, "delegation"},
                                           {NodeKind::secret, "secret"},
                                           {NodeKind::workload, "workload"},
                                           {NodeKind::automation, "automation"},
                                           {NodeKind::device, "device"},
                                           {NodeKind::licence, "licence"},
                                           {NodeKind::resource, "resource"},
                                           {NodeKind::group, "group"}}};
constexpr Names<EdgeKind, 12> k_edge_kind{{{EdgeKind::holds, "holds"},
                                           {EdgeKind::authenticates, "authenticates"},
                                           {EdgeKind::issued, "issued"},
                                           {EdgeKind::member_of, "member_of"},
                                           {EdgeKind::grants, "grants"},
                                           {EdgeKind::delegates_to, "delegates_to"},
                                           {EdgeKind::owns, "owns"},
                                           {EdgeKind::knows, "knows"},
                                           {EdgeKind::caches, "caches"},
                                           {EdgeKind::runs_as, "runs_as"},
                                           {EdgeKind::federates, "federates"},
                                           {EdgeKind::unlocks, "unlocks"}}};
constexpr Names<Action, 20> k_action{{{Action::disable_account, "disable_account"},
                                      {Action::replace_password, "replace_password"},
                                      {Action::lock_and_replace, "lock_and_replace"},
                                      {Action::end_sessions, "end_sessions"},
                                      {Action::revoke_tokens, "revoke_tokens"},
                                      {Action::revoke_keys, "revoke_keys"},
                                      {Action::revoke_certificates, "revoke_certificates"},
                                      {Action::remove_memberships, "remove_memberships"},
                                      {Action::revoke_grants, "revoke_grants"},
                                      {Action::revoke_delegations, "revoke_delegations"},
                                      {Action::rotate_secret, "rotate_secret"},
                                      {Action::transfer_ownership, "transfer_ownership"},
                                      {Action::delete_account, "delete_account"},
                                      {Action::wipe_device, "wipe_device"},
                                      {Action::release_licence, "release_licence"},
                                      {Action::attest, "attest"},
                                      {Action::review, "review"},
                                      {Action::restore_account, "restore_account"},
                                      {Action::restore_memberships, "restore_memberships"},
                                      {Action::restore_grants, "restore_grants"}}};
constexpr Names<Stage, 7> k_stage{{{Stage::prepare, "prepare"},
                                   {Stage::identity, "identity"},
                                   {Stage::credentials, "credentials"},
                                   {Stage::devices, "devices"},
                                   {Stage::downstream, "downstream"},
                                   {Stage::continuity, "continuity"},
                                   {Stage::prove, "prove"}}};
constexpr Names<ProbeAnswer, 3> k_probe_answer{
    {{ProbeAnswer::refused, "refused"}, {ProbeAnswer::admitted, "admitted"}, {ProbeAnswer::unknown, "unknown"}}};
constexpr Names<ProbeMeans, 7> k_probe_means{{{ProbeMeans::own, "own"},
                                              {ProbeMeans::gate, "gate"},
                                              {ProbeMeans::twin, "twin"},
                                              {ProbeMeans::witness, "witness"},
                                              {ProbeMeans::observe, "observe"},
                                              {ProbeMeans::read_back, "read_back"},
                                              {ProbeMeans::none, "none"}}};
constexpr Names<ProbeMoment, 4> k_probe_moment{
    {{ProbeMoment::before, "before"}, {ProbeMoment::after, "after"}, {ProbeMoment::control, "control"}, {ProbeMoment::settled, "settled"}}};
constexpr Names<Grade, 8> k_grade{{{Grade::refused, "refused"},
                                   {Grade::witnessed, "witnessed"},
                                   {Grade::observed, "observed"},
                                   {Grade::read_back, "read_back"},
                                   {Grade::acknowledged, "acknowledged"},
                                   {Grade::attested, "attested"},
                                   {Grade::waived, "waived"},
                                   {Grade::unknown, "unknown"}}};
constexpr Names<Completeness, 4> k_completeness{{{Completeness::full, "full"},
                                                 {Completeness::partial, "partial"},
                                                 {Completeness::lower_bound, "lower_bound"},
                                                 {Completeness::none, "none"}}};
constexpr Names<PathState, 7> k_path_state{{{PathState::live, "live"},
                                            {PathState::ending, "ending"},
                                            {PathState::draining, "draining"},
                                            {PathState::ended, "ended"},
                                            {PathState::waived, "waived"},
                                            {PathState::unknown, "unknown"},
                                            {PathState::restored, "restored"}}};
constexpr Names<StepState, 9> k_step_state{{{StepState::pending, "pending"},
                                            {StepState::intended, "intended"},
                                            {StepState::acknowledged, "acknowledged"},
                                            {StepState::outcome_unknown, "outcome_unknown"},
                                            {StepState::failed, "failed"},
                                            {StepState::held, "held"},
                                            {StepState::waiting, "waiting"},
                                            {StepState::ended, "ended"},
                                            {StepState::skipped, "skipped"}}};
constexpr Names<CaseState, 15> k_case_state{{{CaseState::draft, "draft"},
                                             {CaseState::waiting_approval, "waiting_approval"},
                                             {CaseState::scheduled, "scheduled"},
                                             {CaseState::running, "running"},
                                             {CaseState::halted, "halted"},
                                             {CaseState::waiting_draining, "waiting_draining"},
                                             {CaseState::waiting_device, "waiting_device"},
                                             {CaseState::waiting_person, "waiting_person"},
                                             {CaseState::cancelling, "cancelling"},
                                             {CaseState::cancelled, "cancelled"},
                                             {CaseState::superseded, "superseded"},
                                             {CaseState::closed, "closed"},
                                             {CaseState::reopened, "reopened"},
                                             {CaseState::restoring, "restoring"},
                                             {CaseState::restored, "restored"}}};
constexpr Names<LinkStrength, 3> k_link_strength{
    {{LinkStrength::strong, "strong"}, {LinkStrength::proposed, "proposed"}, {LinkStrength::confirmed, "confirmed"}}};
constexpr Names<UseMoment, 3> k_use_moment{
    {{UseMoment::before_cut, "before_cut"}, {UseMoment::after_cut, "after_cut"}, {UseMoment::undecided, "undecided"}}};

template <class E, std::size_t N>
constexpr std::array<E, N> values_of(const Names<E, N>& names) {
  std::array<E, N> out{};  // NOLINT(bugprone-invalid-enum-default-initialization): each is set below
  for (std::size_t i = 0; i < N; ++i) out[i] = names[i].first;
  return out;
}

template <class E, std::size_t N>
std::string_view find_name(const Names<E, N>& names, E value) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& row) { return row.first == value; });
  EXEUNT_CHECK(found != names.end());
  return found->second;
}

template <class E, std::size_t N>
std::optional<E> find_value(const Names<E, N>& names, std::string_view text) {
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& row) { return row.second == text; });
  if (found == names.end()) return std::nullopt;
  return found->first;
}

}  // namespace

#define EXEUNT_DEFINE(E, TABLE)                                      \
  std::string_view name(E value) { return find_name(TABLE, value); } \
  std::span<const E> all_of(E) {                                     \
    static constexpr auto k_values = values_of(TABLE);               \
    return k_values;                                                 \
  }                                                                  \
  void parse_into(std::string_view text, std::optional<E>& out) { out = find_value(TABLE, text); }
EXEUNT_DEFINE(NodeKind, k_node_kind)
EXEUNT_DEFINE(EdgeKind, k_edge_kind)
EXEUNT_DEFINE(Action, k_action)
EXEUNT_DEFINE(Stage, k_stage)
EXEUNT_DEFINE(ProbeAnswer, k_probe_answer)
EXEUNT_DEFINE(ProbeMeans, k_probe_means)
EXEUNT_DEFINE(ProbeMoment, k_probe_moment)
EXEUNT_DEFINE(Grade, k_grade)
EXEUNT_DEFINE(Completeness, k_completeness)
EXEUNT_DEFINE(PathState, k_path_state)
EXEUNT_DEFINE(StepState, k_step_state)
EXEUNT_DEFINE(CaseState, k_case_state)
EXEUNT_DEFINE(LinkStrength, k_link_strength)
EXEUNT_DEFINE(UseMoment, k_use_moment)
#undef EXEUNT_DEFINE

}  // namespace exeunt::model
