// status, record, approval show, approve.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/escape.hpp"
#include "base/file.hpp"
#include "cli/session.hpp"
#include "service/approving.hpp"
#include "service/bundle.hpp"
#include "service/excepting.hpp"
#include "service/planning.hpp"
#include "service/record.hpp"
#include "service/render_plan.hpp"
#include "service/running.hpp"
#include "service/watching.hpp"
#include "store/case_stream.hpp"

namespace exeunt::cli {

using base::Result;
using model::name;

namespace {

std::string clock_part(const std::optional<base::Time>& time) { return time ? base::to_rfc3339(*time).substr(11, 8) : ""; }

Result<int> list_cases(const Session& session, service::Home& home) {
  EXEUNT_TRY_ASSIGN(const auto cases, home.store->cases());
  if (session.out.json()) {
    base::JsonArray rows;
    for (const auto& row : cases)
      rows.push_back(base::JsonObject{{"case", row.id.text()},
                                      {"subject", row.subject.text()},
                                      {"name", row.subject_label},
                                      {"state", name(row.state)},
                                      {"opened", base::to_rfc3339(row.opened)}});
    session.out.print_json(base::JsonObject{{"cases", std::move(rows)}});
    return 0;
  }
  if (cases.empty()) session.out.line("no cases yet: `exeunt plan SUBJECT` opens one");
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : cases)
    rows.push_back(
        {row.id.text().substr(0, 12), row.subject.text(), row.subject_label, std::string(name(row.state)), base::to_rfc3339(row.opened)});
  if (!rows.empty()) session.out.table({"case", "person", "name", "state", "opened"}, rows);
  EXEUNT_TRY_ASSIGN(const auto overdue, service::overdue_watches(home, session.clock.now()));
  for (const auto& words : overdue) session.out.line(session.out.paint(Colour::bad, "ALARM: ") + words);
  return 0;
}

std::vector<std::string> path_row(const service::PathLine& line) {
  const auto& fold = line.fold;
  const std::string since = fold.state == model::PathState::ended      ? clock_part(fold.first_refused)
                            : fold.state == model::PathState::draining ? "until " + clock_part(fold.until)
                            : fold.state == model::PathState::waived && fold.until
                                ? "until " + base::to_rfc3339(*fold.until).substr(0, 16) + "Z"
                                : "";
  return {line.system,
          line.kind,
          line.label.empty() ? line.id : line.label,
          line.action,
          std::string(name(fold.state)),
          std::string(name(fold.grade)),
          since,
          fold.control,
          fold.ours       ? "ours"
          : line.required ? ""
                          : "watched"};
}

void print_case(const Session& session, const service::Home& home, const evidence::CaseFold& state,
                const std::vector<service::PathLine>& lines, const std::vector<service::ExceptionLine>& exceptions) {
  static_cast<void>(home);
  session.out.line(session.out.paint(Colour::bold, "case " + state.case_id) + "  " + std::string(name(state.state)));
  std::vector<std::vector<std::string>> rows;
  for (const auto& line : lines) rows.push_back(path_row(line));
  session.out.table({"system", "kind", "way in", "action", "state", "grade", "since", "control", ""}, rows, 34);
  for (const auto& plan : state.plans)
    session.out.line(fmt::format("  plan {}{}: {}", plan.name.empty() ? "" : plan.name + " ", plan.digest.substr(0, 12),
                                 plan.approved_at ? "approved " + base::to_rfc3339(*plan.approved_at)
                                                  : "waits for an approval: exeunt approval show " + plan.digest.substr(0, 12)));
  for (const auto& each : exceptions)
    session.out.line(
        session.out.paint(Colour::warn, fmt::format("  exception {} {}: {} way{} in until {}{}", each.id.substr(0, 12), each.state,
                                                    each.paths.size(), each.paths.size() == 1 ? "" : "s", base::to_rfc3339(each.until),
                                                    each.approver.empty() ? "" : ", by " + base::escape_terminal(each.approver))));
  for (const auto& [key, listing] : state.listings)
    if (listing.completeness != model::Completeness::full)
      session.out.line(session.out.paint(
          Colour::warn, fmt::format("  listing of {} on {}: {}", name(listing.node), listing.system, name(listing.completeness))));
  if (const std::string used = service::use_words(state); !used.empty())
    session.out.line(session.out.paint(state.used_after_cut > 0 ? Colour::warn : Colour::dim, "  " + used + " (`used` in the record)"));
  for (const auto& [system, kind] : state.gaps)
    session.out.line(session.out.paint(Colour::dim, fmt::format("  gap on {}: {} (words in the record)", system, kind)));
  for (const auto& [task, task_state] : state.tasks) session.out.line("  task " + task_state);
}

}  // namespace

Result<int> status(const Session& session, const std::string& case_id) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::read));
  if (case_id.empty()) return list_cases(session, *home);
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*home->store, case_id));
  EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(*home->store, row.id));
  EXEUNT_TRY_ASSIGN(const auto lines, service::path_lines(*home, folder.state(), session.clock.now()));
  const int exit = evidence::exit_code(folder.state(), session.clock.now());
  if (session.out.json()) {
    EXEUNT_TRY_ASSIGN(base::Json record, service::record_json(*home, row.id, session.clock.now()));
    auto& object = record.as_object();
    object.erase("entries");
    session.out.print_json(record);
    return exit;
  }
  EXEUNT_TRY_ASSIGN(const auto exceptions, service::exception_lines(*home->store, row.id, session.clock.now()));
  print_case(session, *home, folder.state(), lines, exceptions);
  return exit;
}

namespace {

/// What -o names: a folder (the bundle) where it ends in a slash or is one already, else a file.
bool is_folder_name(const std::string& output) {
  std::error_code ignored;
  return output.ends_with('/') || (!output.empty() && std::filesystem::is_directory(output, ignored));
}

Result<int> record_folder(const Session& session, const std::string& case_id, const std::string& folder) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::write));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*home->store, case_id));
  EXEUNT_TRY_ASSIGN(const auto written, service::write_bundle(*home, who, row.id, folder, session.clock, session.random));
  if (session.out.json()) {
    session.out.print_json(base::JsonObject{{"case", written.case_id.text()},
                                            {"folder", written.folder.string()},
                                            {"through", written.through},
                                            {"tree_size", written.tree_size},
                                            {"files", written.files},
                                            {"exit", written.exit}});
    return written.exit;
  }
  session.out.line(fmt::format("record of case {} through entry {} written to {}: begin with report.html; README.txt says how to check it",
                               row.id.text(), written.through, base::escape_terminal(folder)));
  return written.exit;
}

}  // namespace

Result<int> record(const Session& session, const std::string& case_id, const std::string& file) {
  if (is_folder_name(file)) return record_folder(session, case_id, file);
  auto home = session.open(service::StoreAccess::write);
  if (home) {
    // Before every record the head is signed; beside a running process the run signs.
    EXEUNT_TRY(service::sign_checkpoint(**home));
  } else {
    if (home.error().code != base::Code::failed_precondition) return base::fail(home.error());
    home = session.open(service::StoreAccess::read);
    if (!home) return base::fail(home.error());
  }
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*(*home)->store, case_id));
  EXEUNT_TRY_ASSIGN(const base::Json document, service::record_json(**home, row.id, session.clock.now()));
  const int exit = static_cast<int>(document.at("exit").as_int64());
  if (file.empty()) {
    session.out.print_json(document);
    return exit;
  }
  EXEUNT_TRY(base::write_file_atomically(file, base::pretty_json(document) + "\n", 0640));
  session.out.line("record of case " + row.id.text() + " written to " + file);
  return exit;
}

Result<int> approval_show(const Session& session, const std::string& digest, const std::string& file) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::read));
  EXEUNT_TRY_ASSIGN(const auto view, service::show_approval(*home, digest));
  // What it means goes to the error stream, so that standard output is exactly the bytes to sign.
  const std::string words = service::plan_table(view.plan, view.request.digest.text());
  std::fwrite(words.data(), 1, words.size(), stderr);
  std::fprintf(stderr,
               "\nThe document to sign follows on standard output; it expires at %s.\nSign it: ssh-keygen -Y sign -n exeunt-approval -f "
               "YOUR_KEY FILE\n",
               base::to_rfc3339(view.request.expires).c_str());
  if (!file.empty()) {
    EXEUNT_TRY(base::write_file_atomically(file, view.document, 0644));
    return 0;
  }
  std::fwrite(view.document.data(), 1, view.document.size(), stdout);
  return 0;
}

Result<int> approve(const Session& session, const std::string& digest, const std::string& signature) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::write));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const auto view, service::show_approval(*home, digest));
  EXEUNT_TRY_ASSIGN(const std::string approver, service::approve(*home, who, digest, signature, session.clock, session.random));
  if (session.out.json())
    session.out.print_json(base::JsonObject{{"approver", approver}, {"digest", digest}});
  else
    session.out.line("approved by " + base::escape_terminal(approver) + "; run it: exeunt " +
                     (view.plan.name == evidence::k_restore_plan ? "restore CASE --run" : "run CASE"));
  return 0;
}

}  // namespace exeunt::cli
