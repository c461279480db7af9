#include "service/restoring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/escape.hpp"
#include "base/file.hpp"
#include "base/secret.hpp"
#include "engine/step_secrets.hpp"
#include "model/transitions.hpp"
#include "plan/restore.hpp"
#include "service/watching.hpp"
#include "service/who.hpp"

namespace exeunt::service {

using base::Code;
using base::Result;
using base::Status;

namespace {

constexpr std::size_t k_reason_bytes_max = 2'000;
constexpr unsigned k_owner_only = 0600;
constexpr std::size_t k_column_max = 80, k_row_bytes_max = 2'048;

Status not_the_subject(const store::CaseRow& row, const Operator& who) {
  if (row.subject != who.person) return {};
  return base::fail(Code::permission_denied, "nobody gives back their own access", "another operator does");
}

/// While one case ends a person's access, another does not give it back.
Status no_other_case(store::Store& store, const store::CaseRow& row) {
  EXEUNT_TRY_ASSIGN(const auto cases, store.cases());
  for (const auto& other : cases)
    if (other.subject == row.subject && other.id != row.id && !model::is_terminal(other.state))
      return base::fail(Code::failed_precondition,
                        fmt::format("{} also has case {}, {}", row.subject.text(), other.id.text(), name(other.state)),
                        "let that one come to its end, or `exeunt cancel` it, first");
  return {};
}

Result<model::PersonId> recipient(const Home& home, const store::CaseRow& row, const std::optional<model::PersonId>& named) {
  const model::Person* subject = find_person(home.people, row.subject);
  const model::PersonId to = named ? *named : subject == nullptr ? model::PersonId() : subject->manager;
  if (to.empty())
    return base::fail(Code::invalid_argument, "nobody is named to whom the new passwords are handed, and the people list has no manager",
                      "give --hand-to PERSON");
  if (find_person(home.people, to) == nullptr)
    return base::fail(Code::not_found, "nobody in the people list is " + to.text(), "give --hand-to PERSON, by HR id");
  return to;
}

engine::EngineNeeds needs_of(Home& home, const engine::Interrupts& interrupts, const base::Clock& clock, base::Random& random) {
  return {*home.store, clock, random, *home.sealer, home.systems, home.policy, interrupts, home.people, home.imported, home.config.tenant};
}

Status update_row(store::Store& store, const model::CaseId& case_id, model::CaseState state) {
  EXEUNT_TRY_ASSIGN(store::CaseRow row, store.find_case(case_id));
  row.state = state;
  return store.put_case(row);
}

Result<plan::Plan> restore_plan_of(store::Store& store, const evidence::CaseFold& state) {
  for (const auto& each : state.plans) {
    if (each.name != evidence::k_restore_plan) continue;
    EXEUNT_TRY_ASSIGN(const std::string bytes, store.document("plan", each.digest));
    return plan::from_bytes(bytes);
  }
  return base::fail(Code::failed_precondition, "this case has no restore plan", "`exeunt restore CASE` makes it");
}

}  // namespace

Result<engine::RestorePlan> plan_restore(Home& home, const Operator& who, const RestoreRequest& request, const base::Clock& clock,
                                         base::Random& random) {
  EXEUNT_TRY_ASSIGN(const store::CaseRow row, home.store->find_case(request.case_id));
  EXEUNT_TRY(not_the_subject(row, who));
  if (request.reason.size() > k_reason_bytes_max)
    return base::fail(Code::invalid_argument, "the reason is longer than 2,000 bytes", "say it shorter");
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(*home.store, clock, random, home.config.tenant, request.case_id, "restore"));
  EXEUNT_TRY(no_other_case(*home.store, row));
  EXEUNT_TRY_ASSIGN(const model::PersonId to, recipient(home, row, request.hand_to));
  EXEUNT_TRY_ASSIGN(const std::string actor, person_reference(*home.store, home.people, who.person));
  engine::CaseJournal journal(*home.store, *stream, actor);
  const InterruptFiles interrupts(home.config.home);
  return engine::make_restore_plan(needs_of(home, interrupts, clock, random), journal, {request.reason, to});
}

Result<engine::RunResult> run_restore(Home& home, const Operator& who, const RunRequest& request, const base::Clock& clock,
                                      base::Random& random) {
  const InterruptFiles interrupts(home.config.home);
  EXEUNT_TRY_ASSIGN(const store::CaseRow row, home.store->find_case(request.case_id));
  EXEUNT_TRY(not_the_subject(row, who));
  EXEUNT_TRY(no_other_case(*home.store, row));
  engine::RunOptions options;
  EXEUNT_TRY_ASSIGN(options.operator_reference, person_reference(*home.store, home.people, who.person));
  options.owner = "restore";
  options.stop = request.stop;
  options.progress = request.progress;
  engine::Engine engine(needs_of(home, interrupts, clock, random));
  auto result = engine.restore(request.case_id, options);
  if (result) {
    EXEUNT_TRY(update_row(*home.store, request.case_id, result->state.state));
    EXEUNT_TRY(schedule_watch(home, request.case_id, result->state.state, clock.now()));
    EXEUNT_TRY(sign_checkpoint(home));
  }
  return result;
}

Result<HandOver> hand_over(Home& home, const Operator& who, const model::CaseId& case_id, const std::filesystem::path& file,
                           const base::Clock& clock, base::Random& random) {
  EXEUNT_TRY_ASSIGN(const store::CaseRow row, home.store->find_case(case_id));
  EXEUNT_TRY(not_the_subject(row, who));
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(*home.store, clock, random, home.config.tenant, case_id, "restore"));
  const evidence::CaseFold state = stream->state();
  if (state.state != model::CaseState::restored)
    return base::fail(Code::failed_precondition,
                      fmt::format("case {} is {}: its new passwords are not handed over yet", case_id.text(), name(state.state)),
                      "`exeunt restore CASE --run` brings it to its end");
  EXEUNT_TRY_ASSIGN(const plan::Plan plan, restore_plan_of(*home.store, state));
  std::error_code error;
  if (std::filesystem::exists(file, error))
    return base::fail(Code::failed_precondition, file.string() + " exists", "name a file that does not exist yet");
  const engine::SecretBook book(*home.store, *home.sealer, random, case_id);
  HandOver out;
  out.to = plan.hand_to;
  std::string text;  // not moved while it grows: what it leaves behind would not be wiped
  text.reserve(plan.steps.size() * k_row_bytes_max);
  for (const auto& step : plan.steps) {
    const auto known = state.steps.find(step.id.text());
    const bool given = known != state.steps.end() && known->second.state == model::StepState::ended;
    if (!step.needs_secret || step.reserve || !given) continue;
    const auto kept = book.sealed_of(step);
    if (!kept) continue;
    for (const auto& column : {step.target.key.system.text(), step.target.key.native_id, step.target.label})
      text += base::escape_terminal(column, k_column_max) + '\t';
    text += kept->new_value.reveal();
    text += '\n';
    ++out.passwords;
  }
  const base::Secret content(std::move(text));
  if (out.passwords == 0)
    return base::fail(Code::failed_precondition, "there is no new password to hand over", "they are handed over once, or none was made");
  EXEUNT_TRY(base::write_file_atomically(file, content.reveal(), k_owner_only));
  evidence::Leaf leaf;
  leaf.kind = evidence::LeafKind::noted;
  EXEUNT_TRY_ASSIGN(leaf.actor, person_reference(*home.store, home.people, who.person));
  EXEUNT_TRY(stream->append(std::move(leaf),
                            base::JsonObject{{"words", fmt::format("{} new passwords written for {}", out.passwords, out.to.text())}}));
  // After the entry: a crash before it leaves them sealed, to be handed over again, never lost.
  EXEUNT_TRY(home.store->drop_sealed(case_id));
  return out;
}

}  // namespace exeunt::service
