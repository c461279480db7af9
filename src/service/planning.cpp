#include "service/planning.hpp"

#include <fmt/format.h>

#include "engine/delta.hpp"
#include "model/transitions.hpp"
#include "service/who.hpp"

namespace exeunt::service {

using base::Code;
using base::Result;
using base::Status;

Result<engine::Survey> map_subject(Home& home, const model::PersonId& subject, const std::set<model::NodeId>& confirmed) {
  EXEUNT_TRY_ASSIGN(engine::Survey survey, engine::survey(home.systems, {subject, home.people, home.imported, confirmed, home.policy}));
  for (const auto& words : home.config.known_without_connector)
    survey.map.add_gap({model::SystemId(words), model::NodeKind::resource, "known to exist, without a connector: end it by hand"});
  return survey;
}

namespace {

Status no_open_case(store::Store& store, const model::PersonId& subject) {
  EXEUNT_TRY_ASSIGN(const auto cases, store.cases());
  for (const auto& row : cases)
    if (row.subject == subject && !model::is_terminal(row.state))
      return base::fail(Code::failed_precondition,
                        fmt::format("{} already has case {}, {}", subject.text(), row.id.text(), name(row.state)),
                        "run that one, or `exeunt cancel` it first");
  return {};
}

Status every_person_is_known(const Home& home, const plan::Plan& plan) {
  for (const auto& heir : plan.heirs)
    if (heir == plan.subject.id)
      return base::fail(Code::failed_precondition, "the subject would inherit from herself", "name another heir in policy.yaml");
  static_cast<void>(home);
  return {};
}

Status open_case(Home& home, const Operator& who, const Planned& planned, const base::Clock& clock, base::Random& random,
                 base::Time detected) {
  auto& store = *home.store;
  EXEUNT_TRY(store.put_document("policy", home.policy.digest, home.policy_bytes));
  EXEUNT_TRY_ASSIGN(auto stream, store::CaseStream::open(store, clock, random, home.config.tenant, planned.case_id, "plan"));
  EXEUNT_TRY_ASSIGN(const std::string subject, person_reference(store, home.people, planned.plan.subject.id));
  EXEUNT_TRY_ASSIGN(const std::string actor, person_reference(store, home.people, who.person));
  evidence::Leaf opened;
  opened.kind = evidence::LeafKind::case_opened;
  opened.t = detected;
  opened.subject = subject;
  opened.actor = actor;
  EXEUNT_TRY(
      stream->append(std::move(opened), base::JsonObject{{"subject", planned.plan.subject.id.text()}, {"reason", planned.plan.reason}}));
  engine::CaseJournal journal(store, *stream, actor);
  for (const auto& link : planned.plan.links) {
    if (link.strength != model::LinkStrength::confirmed) continue;
    evidence::Leaf confirmed;
    confirmed.kind = evidence::LeafKind::link_confirmed;
    confirmed.actor = actor;
    EXEUNT_TRY_ASSIGN(const model::Reference target, store.reference("n", link.account.text(), link.reason));
    confirmed.target = target.text();
    EXEUNT_TRY(stream->append(std::move(confirmed), base::JsonObject{{"account", link.account.text()}, {"reason", link.reason}}));
  }
  EXEUNT_TRY_ASSIGN(const std::string digest, engine::record_plan(store, journal, planned.plan));
  EXEUNT_TRY(journal.state_changed(model::CaseState::waiting_approval, "a plan waits for its approval"));
  static_cast<void>(digest);
  return store.put_case(
      {planned.case_id, planned.plan.subject.id, planned.plan.subject.name, model::CaseState::waiting_approval, detected});
}

}  // namespace

Result<Planned> plan_departure(Home& home, const Operator& who, const PlanRequest& request, const base::Clock& clock,
                               base::Random& random) {
  const base::Time detected = clock.now();
  if (who.person == request.subject)
    return base::fail(Code::permission_denied, "nobody plans their own departure", "another operator does");
  EXEUNT_TRY(no_open_case(*home.store, request.subject));
  EXEUNT_TRY_ASSIGN(engine::Survey survey, map_subject(home, request.subject, request.confirmed));
  Planned out;
  out.case_id = model::CaseId(base::random_reference(random, "c_"));
  out.failures = survey.failures;
  const auto catalogues = engine::catalogues_of(home.systems);
  plan::PlanInput input{survey.map, home.policy, catalogues, home.config.tenant, out.case_id, request.reason, request.urgency, "", {}, {}};
  input.heirs = survey.accounts_of(home.policy.heir.empty() ? survey.map.subject().manager : home.policy.heir);
  EXEUNT_TRY_ASSIGN(out.plan, plan::compile(input));
  EXEUNT_TRY(every_person_is_known(home, out.plan));
  out.digest = plan::digest_of(plan::to_bytes(out.plan)).text();
  EXEUNT_TRY(open_case(home, who, out, clock, random, detected));
  return out;
}

Result<store::CaseRow> resolve_case(store::Store& store, std::string_view words) {
  EXEUNT_TRY_ASSIGN(const auto cases, store.cases());
  std::vector<store::CaseRow> matches;
  for (const auto& row : cases)
    if (row.id.text() == words || row.id.text().starts_with(words)) matches.push_back(row);
  if (matches.size() == 1) return matches.front();
  if (matches.empty()) return base::fail(Code::not_found, "no case " + std::string(words), "`exeunt status` lists the cases");
  return base::fail(Code::failed_precondition, std::string(words) + " is the beginning of several cases", "give more of the id");
}

}  // namespace exeunt::service
