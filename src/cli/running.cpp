// run, probe, cancel, halt.
#include "service/running.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/duration.hpp"
#include "base/escape.hpp"
#include "base/file.hpp"
#include "cli/session.hpp"
#include "service/approving.hpp"
#include "service/interrupt_files.hpp"
#include "service/planning.hpp"
#include "service/record.hpp"

namespace exeunt::cli {

using base::Code;
using base::Result;

namespace {

base::Json time_or_null(const std::optional<base::Time>& time) { return time ? base::Json(base::to_rfc3339(*time)) : base::Json(nullptr); }

struct Counts {
  std::size_t paths = 0, ended = 0, open = 0, unknown = 0, draining = 0, waived = 0, restored = 0;
};

Counts count(const evidence::CaseFold& state, base::Time now) {
  Counts out;
  for (const auto& [reference, path] : state.paths) {
    ++out.paths;
    const model::PathState is = evidence::at(path, now).state;
    if (is == model::PathState::ended)
      ++out.ended;
    else if (is == model::PathState::waived)
      ++out.waived;
    else if (is == model::PathState::restored)
      ++out.restored;
    else if (is == model::PathState::draining)
      ++out.draining;
    else if (is == model::PathState::unknown)
      ++out.unknown;
    else
      ++out.open;
  }
  return out;
}

}  // namespace

int report(const Session& session, const engine::RunResult& result) {
  session.out.end_progress();
  const Counts counts = count(result.state, session.clock.now());
  if (session.out.json()) {
    base::JsonArray words;
    for (const auto& word : result.words) words.emplace_back(word);
    session.out.print_json(base::JsonObject{{"case", result.state.case_id},
                                            {"state", model::name(result.state.state)},
                                            {"exit", result.exit},
                                            {"paths", counts.paths},
                                            {"ended", counts.ended},
                                            {"open", counts.open},
                                            {"unknown", counts.unknown},
                                            {"draining", counts.draining},
                                            {"waived", counts.waived},
                                            {"restored", counts.restored},
                                            {"identity_cut", time_or_null(result.state.identity_cut)},
                                            {"zero", time_or_null(result.state.zero)},
                                            {"last_closes", time_or_null(result.last_closes)},
                                            {"delta", result.delta ? base::Json(*result.delta) : base::Json(nullptr)},
                                            {"words", std::move(words)}});
    return result.exit;
  }
  session.out.line(fmt::format("case {}: {}", result.state.case_id, model::name(result.state.state)));
  session.out.line(fmt::format("  {} known ways in, {} ended, {} still open, {} unknown, {} draining", counts.paths, counts.ended,
                               counts.open, counts.unknown, counts.draining) +
                   (counts.waived == 0 ? "" : fmt::format(", {} stay by an exception", counts.waived)) +
                   (counts.restored == 0 ? "" : fmt::format(", {} given back", counts.restored)));
  if (result.state.identity_cut) session.out.line("  identity cut at " + base::to_rfc3339(*result.state.identity_cut));
  if (result.state.zero) session.out.line("  no required way in open since " + base::to_rfc3339(*result.state.zero));
  if (const std::string used = service::use_words(result.state); !used.empty()) session.out.line("  " + used);
  for (const auto& word : result.words) session.out.line("  " + base::escape_terminal(word));
  session.out.line("  look: exeunt status " + result.state.case_id.substr(0, 10) + "   hand over: exeunt record " +
                   result.state.case_id.substr(0, 10));
  return result.exit;
}

Result<int> run(const Session& session, const RunArguments& arguments) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::write));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*home->store, arguments.case_id));
  service::RunRequest request;
  request.case_id = row.id;
  request.stop = session.stop;
  request.progress = [&](const engine::Progress& progress) { session.out.progress(progress); };
  if (!arguments.at.empty()) {
    EXEUNT_TRY_ASSIGN(request.at, base::from_local(arguments.at.at(0), arguments.at.at(1)));
    if (*request.at < session.clock.now())
      return base::fail(Code::invalid_argument, "that time has passed: " + base::to_rfc3339(*request.at), "leave --at out to run now");
  }
  if (!arguments.wait_draining.empty()) {
    const auto wait = base::parse_duration(arguments.wait_draining);
    if (!wait)
      return base::fail(Code::invalid_argument,
                        "--wait-draining " + base::escape_terminal(arguments.wait_draining) + " is no length of time",
                        "a whole number and a unit: 30s, 10min, 12h");
    request.drain_wait_max = *wait;
  }
  EXEUNT_TRY_ASSIGN(const auto result, service::run_case(*home, who, request, session.clock, session.random));
  return report(session, result);
}

Result<int> probe(const Session& session, const std::string& case_id) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::write));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(home->config));
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*home->store, case_id));
  EXEUNT_TRY_ASSIGN(const auto result, service::probe_case(*home, who, row.id, session.clock, session.random,
                                                           [&](const engine::Progress& p) { session.out.progress(p); }));
  return report(session, result);
}

Result<int> cancel(const Session& session, const std::string& case_id, const std::string& reason) {
  EXEUNT_TRY_ASSIGN(const auto config, service::load_config(session.home));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(config));
  auto home = session.open(service::StoreAccess::write);
  if (home) {
    EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*(*home)->store, case_id));
    EXEUNT_TRY_ASSIGN(const std::string words, service::cancel_case(**home, who, row.id, reason, session.clock, session.random));
    session.out.line(words);
    return 0;
  }
  if (home.error().code != Code::failed_precondition) return base::fail(home.error());
  // A run holds the store: it sees the request before its next call.
  EXEUNT_TRY_ASSIGN(const auto reader, session.open(service::StoreAccess::read));
  EXEUNT_TRY_ASSIGN(const auto row, service::resolve_case(*reader->store, case_id));
  EXEUNT_TRY(service::InterruptFiles(session.home).request_cancel(row.id, reason));
  session.out.line("a run is under way: it stops before its next call; `exeunt status` shows when it did");
  return 0;
}

Result<int> halt(const Session& session, const HaltArguments& arguments) {
  EXEUNT_TRY_ASSIGN(const auto config, service::load_config(session.home));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(config));
  const service::InterruptFiles interrupts(config.home);
  if (!arguments.show && !arguments.lift) {
    EXEUNT_TRY(interrupts.halt(fmt::format("{} by {} at {}", arguments.reason, who.person.text(), base::to_rfc3339(session.clock.now()))));
    session.out.line(
        "halted: no outside change goes out any more. To go on: exeunt halt --show, a second person signs it, exeunt halt --lift "
        "--signature FILE");
    return 0;
  }
  const auto words = interrupts.halted();
  if (!words) return base::fail(Code::failed_precondition, "nothing is halted");
  const std::string document =
      base::canonical_json(base::JsonObject{{"lift", "halt"}, {"tenant", config.tenant.text()}, {"halt", *words}}) + "\n";
  if (arguments.show) {
    std::fwrite(document.data(), 1, document.size(), stdout);
    return 0;
  }
  if (arguments.signature.empty())
    return base::fail(Code::invalid_argument, "--lift needs --signature",
                      "have the document of `exeunt halt --show` signed by a second person");
  EXEUNT_TRY_ASSIGN(const auto signer, service::signer_of(config.allowed_signers_file, "exeunt-approval", document, arguments.signature));
  if (signer == who.person)
    return base::fail(Code::permission_denied, "going on needs two persons, and " + signer.text() + " is the operator",
                      "another listed approver signs");
  EXEUNT_TRY(interrupts.lift());
  session.out.line("the halt is lifted by " + who.person.text() + " and " + signer.text() + "; run the halted cases again");
  return 0;
}

}  // namespace exeunt::cli
