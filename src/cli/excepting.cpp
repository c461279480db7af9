// exception ask, show, approve, list.
#include "service/excepting.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"
#include "base/file.hpp"
#include "cli/session.hpp"
#include "service/planning.hpp"

namespace exeunt::cli {

using base::Result;

Result<int> exception_ask(const Session& session, const ExceptionArguments& arguments) {
  const auto until = base::from_rfc3339(arguments.until);
  if (!until)
    return base::fail(base::Code::invalid_argument, "--until " + base::escape_terminal(arguments.until, 60) + " is no instant",
                      "write it as RFC 3339, with a zone: 2026-12-01T17:00:00Z or 2026-12-01T18:00:00+01:00");
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::write));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*home->store, arguments.case_id));
  EXEUNT_TRY_ASSIGN(const auto asked,
                    service::ask_exception(*home, who, {row.id, arguments.paths, *until, arguments.reason}, session.clock, session.random));
  if (session.out.json()) {
    session.out.print_json(base::JsonObject{{"exceptions", base::JsonArray{service::exception_json(asked)}}});
    return 0;
  }
  const std::string id = asked.id.substr(0, 12);
  session.out.line(fmt::format("exception {} is asked for: {} way{} in of case {} until {}; until it is approved nothing is spared",
                               asked.id, asked.paths.size(), asked.paths.size() == 1 ? "" : "s", row.id.text(),
                               base::to_rfc3339(asked.until)));
  for (const auto& path : asked.paths) session.out.line("  " + base::escape_terminal(path));
  session.out.line("  exeunt exception show " + id + " > exception.json");
  session.out.line("  ssh-keygen -Y sign -n exeunt-exception -f KEY exception.json      (the approver, on their own machine)");
  session.out.line("  exeunt exception approve " + id + " --signature exception.json.sig");
  return 0;
}

Result<int> exception_show(const Session& session, const std::string& id, const std::string& file) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::read));
  EXEUNT_TRY_ASSIGN(const auto line, service::show_exception(*home, id, session.clock.now()));
  if (line.document.empty())
    return base::fail(base::Code::data_loss, "the document of exception " + line.id.substr(0, 12) + " is not there", "ask for it again");
  // What it means goes to the error stream, so that standard output is exactly the bytes to sign.
  std::string words = "exception " + line.id + " (" + line.state + "): until " + base::to_rfc3339(line.until) + " these stay:\n";
  for (const auto& path : line.paths) words += "  " + base::escape_terminal(path) + "\n";
  words += "because: " + base::escape_terminal(line.reason) + "\nasked for by " + base::escape_terminal(line.asker) +
           "\nSign it: ssh-keygen -Y sign -n exeunt-exception -f YOUR_KEY FILE\n";
  std::fwrite(words.data(), 1, words.size(), stderr);
  if (!file.empty()) {
    EXEUNT_TRY(base::write_file_atomically(file, line.document, 0644));
    return 0;
  }
  std::fwrite(line.document.data(), 1, line.document.size(), stdout);
  return 0;
}

Result<int> exception_approve(const Session& session, const std::string& id, const std::string& signature) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::write));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const std::string approver, service::approve_exception(*home, who, id, signature, session.clock, session.random));
  if (session.out.json()) {
    EXEUNT_TRY_ASSIGN(const auto line, service::show_exception(*home, id, session.clock.now()));
    session.out.print_json(base::JsonObject{{"exceptions", base::JsonArray{service::exception_json(line)}}});
    return 0;
  }
  session.out.line("approved by " + base::escape_terminal(approver) + "; at its end `exeunt watch`, or the next run, makes it work again");
  return 0;
}

Result<int> exception_list(const Session& session, const std::string& case_id) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::read));
  std::optional<model::CaseId> only;
  if (!case_id.empty()) {
    EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*home->store, case_id));
    only = row.id;
  }
  EXEUNT_TRY_ASSIGN(const auto lines, service::exception_lines(*home->store, only, session.clock.now()));
  if (session.out.json()) {
    base::JsonArray rows;
    for (const auto& line : lines) rows.push_back(service::exception_json(line));
    session.out.print_json(base::JsonObject{{"exceptions", std::move(rows)}});
    return 0;
  }
  if (lines.empty()) session.out.line("no exceptions");
  std::vector<std::vector<std::string>> rows;
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.paths.size(); ++i)
      rows.push_back({line.id.substr(0, 12), line.case_id.text().substr(0, 12), line.state, line.paths[i], line.path_states[i],
                      base::to_rfc3339(line.until), line.approver, line.reason});
  if (!rows.empty()) session.out.table({"exception", "case", "state", "way in", "is", "until", "approver", "reason"}, rows);
  return 0;
}

}  // namespace exeunt::cli
