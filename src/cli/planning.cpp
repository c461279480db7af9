// map, plan.
#include "service/planning.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"
#include "cli/session.hpp"
#include "engine/engine.hpp"
#include "service/render_map.hpp"
#include "service/render_plan.hpp"
#include "service/who.hpp"

namespace exeunt::cli {

using base::Code;
using base::Result;

namespace {

Result<std::vector<model::Action>> actions_of(const std::vector<std::string>& words) {
  std::vector<model::Action> out;
  for (const auto& word : words) {
    const auto action = model::parse<model::Action>(word);
    if (!action) {
      std::string known;
      for (const auto each : model::all<model::Action>()) known += (known.empty() ? "" : ", ") + std::string(model::name(each));
      return base::fail(Code::invalid_argument, "no action is called " + word, "actions are: " + known);
    }
    out.push_back(*action);
  }
  return out;
}

Result<std::set<model::NodeId>> nodes_of(const std::vector<std::string>& words) {
  std::set<model::NodeId> out;
  for (const auto& word : words) {
    EXEUNT_TRY(model::parse_node_id(model::NodeId(word)));
    out.insert(model::NodeId(word));
  }
  return out;
}

int exit_of_survey(const engine::Survey& survey) {
  int exit = 0;
  for (const auto& failure : survey.failures) exit = engine::worse_exit(exit, exit_of(failure.error.code));
  for (const auto& listing : survey.map.listings())
    if (listing.completeness != model::Completeness::full) exit = engine::worse_exit(exit, 4);
  return exit;
}

void print_plan(const Session& session, const PlanArguments& arguments, const plan::Plan& plan, const std::string& digest) {
  if (session.out.json()) return session.out.print_json(service::plan_json(plan, digest));
  if (arguments.runbook) return session.out.line(plan::runbook(plan));
  session.out.line(service::plan_table(plan, digest));
  if (arguments.explain) session.out.line(plan::explain(plan));
}

}  // namespace

Result<int> map(const Session& session, const MapArguments& arguments) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::none));
  EXEUNT_TRY_ASSIGN(const auto subject, service::resolve_subject(home->people, arguments.subject));
  EXEUNT_TRY_ASSIGN(const auto confirmed, nodes_of(arguments.confirm));
  EXEUNT_TRY_ASSIGN(auto only, actions_of(arguments.only));
  EXEUNT_TRY_ASSIGN(const auto survey, service::map_subject(*home, subject.id, confirmed));
  const service::MapView view{survey, std::move(only), engine::catalogues_of(home->systems)};
  if (session.out.json())
    session.out.print_json(service::map_json(view));
  else
    session.out.line(service::map_table(view));
  return exit_of_survey(survey);
}

Result<int> plan(const Session& session, const PlanArguments& arguments) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(arguments.digest.empty() ? service::StoreAccess::write : service::StoreAccess::read));
  if (!arguments.digest.empty()) {
    EXEUNT_TRY_ASSIGN(const std::string bytes, home->store->document("plan", arguments.digest));
    EXEUNT_TRY_ASSIGN(const plan::Plan stored, plan::from_bytes(bytes));
    print_plan(session, arguments, stored, arguments.digest);
    return 0;
  }
  if (arguments.subject.empty())
    return base::fail(Code::invalid_argument, "whose departure?", "exeunt plan SUBJECT, or --digest DIGEST to look at a plan");
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const auto subject, service::resolve_subject(home->people, arguments.subject));
  service::PlanRequest request;
  request.subject = subject.id;
  request.reason = arguments.reason;
  request.urgency = arguments.staged ? model::Urgency::staged : model::Urgency::immediate;
  EXEUNT_TRY_ASSIGN(request.confirmed, nodes_of(arguments.confirm));
  EXEUNT_TRY_ASSIGN(const auto planned, service::plan_departure(*home, who, request, session.clock, session.random));
  print_plan(session, arguments, planned.plan, planned.digest);
  int exit = 0;
  for (const auto& failure : planned.failures) {
    exit = 6;
    std::fprintf(stderr, "exeunt: %s could not be asked: %s\n", failure.system.text().c_str(),
                 base::escape_terminal(failure.error.text()).c_str());
  }
  if (!session.out.json())
    session.out.line("next: exeunt approval show " + planned.digest.substr(0, 12) + " > approval.txt, to be signed by an approver");
  return exit;
}

}  // namespace exeunt::cli
