// map, plan.
#include "service/planning.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"
#include "cli/session.hpp"
#include "engine/engine.hpp"
#include "service/exception_marks.hpp"
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

void print_plan(const Session& session, const PlanArguments& arguments, const plan::Plan& plan, const std::string& digest,
                const service::ExceptionMarks& marks) {
  if (session.out.json()) {
    base::Json document = service::plan_json(plan, digest);
    document.as_object()["exceptions"] = service::marks_json(marks, plan.case_id);
    return session.out.print_json(document);
  }
  const plan::Kept kept = service::kept_in(marks, plan.case_id);
  const std::string others = service::words_of_other_cases(marks, plan.case_id);
  if (arguments.runbook) return session.out.line(plan::runbook(plan, kept) + others);
  session.out.line(service::plan_table(plan, digest, kept) + others);
  if (arguments.explain) session.out.line(plan::explain(plan, kept));
}

/// Without a store, or with one that must not be read, a map is still of use: it says that exceptions are not marked.
Result<std::unique_ptr<service::Home>> open_for_map(const Session& session) {
  auto home = session.open(service::StoreAccess::read);
  if (home) return home;
  EXEUNT_TRY_ASSIGN(auto without_store, session.open(service::StoreAccess::none));
  if (home.error().code != Code::not_found)
    std::fprintf(stderr, "exeunt: exceptions are not marked, because the store could not be read: %s\n",
                 base::escape_terminal(home.error().text()).c_str());
  return without_store;
}

}  // namespace

Result<int> map(const Session& session, const MapArguments& arguments) {
  EXEUNT_TRY_ASSIGN(const auto home, open_for_map(session));
  EXEUNT_TRY_ASSIGN(const auto subject, service::resolve_subject(home->people, arguments.subject));
  EXEUNT_TRY_ASSIGN(const auto confirmed, nodes_of(arguments.confirm));
  EXEUNT_TRY_ASSIGN(auto only, actions_of(arguments.only));
  EXEUNT_TRY_ASSIGN(const auto survey, service::map_subject(*home, subject.id, confirmed));
  service::MapView view{survey, std::move(only), engine::catalogues_of(home->systems)};
  if (home->store) {
    EXEUNT_TRY_ASSIGN(view.exceptions, service::exception_marks(*home->store, subject.id, session.clock.now()));
  }
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
    EXEUNT_TRY_ASSIGN(const auto marks, service::exception_marks(*home->store, stored.subject.id, session.clock.now()));
    print_plan(session, arguments, stored, arguments.digest, marks);
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
  EXEUNT_TRY_ASSIGN(const auto marks, service::exception_marks(*home->store, subject.id, session.clock.now()));
  print_plan(session, arguments, planned.plan, planned.digest, marks);
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
