// restore.
#include "service/restoring.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"
#include "cli/session.hpp"
#include "service/planning.hpp"
#include "service/render_restore.hpp"
#include "service/who.hpp"

namespace exeunt::cli {

using base::Code;
using base::Result;

namespace {

Result<int> hand_over(const Session& session, service::Home& home, const service::Operator& who, const model::CaseId& case_id,
                      const std::string& file) {
  EXEUNT_TRY_ASSIGN(const auto done, service::hand_over(home, who, case_id, file, session.clock, session.random));
  if (session.out.json())
    session.out.print_json(base::JsonObject{{"case", case_id.text()}, {"hand_to", done.to.text()}, {"passwords", done.passwords}});
  else
    session.out.line(fmt::format("{} new passwords for {} are in {}, and nowhere else; delete it when they are handed over", done.passwords,
                                 base::escape_terminal(done.to.text(), 40), base::escape_terminal(file)));
  return 0;
}

}  // namespace

Result<int> restore(const Session& session, const RestoreArguments& arguments) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::write));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*home->store, arguments.case_id));
  if (!arguments.hand_over.empty()) return hand_over(session, *home, who, row.id, arguments.hand_over);
  if (arguments.run) {
    service::RunRequest request;
    request.case_id = row.id;
    request.stop = session.stop;
    request.progress = [&](const engine::Progress& progress) { session.out.progress(progress); };
    EXEUNT_TRY_ASSIGN(const auto result, service::run_restore(*home, who, request, session.clock, session.random));
    return report(session, result);
  }
  service::RestoreRequest request{row.id, arguments.reason, std::nullopt};
  if (!arguments.hand_to.empty()) {
    EXEUNT_TRY_ASSIGN(const auto person, service::resolve_subject(home->people, arguments.hand_to));
    request.hand_to = person.id;
  }
  EXEUNT_TRY_ASSIGN(const auto made, service::plan_restore(*home, who, request, session.clock, session.random));
  if (session.out.json()) {
    session.out.print_json(service::restore_json(made));
    return 0;
  }
  session.out.line(service::restore_table(made.plan, made.digest));
  session.out.line(made.approved
                       ? "next: exeunt restore " + row.id.text().substr(0, 12) + " --run"
                       : "next: exeunt approval show " + made.digest.substr(0, 12) + " > approval.txt, to be signed by an approver");
  return 0;
}

}  // namespace exeunt::cli
