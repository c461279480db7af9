// init, systems check, doctor, log succeed.
#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"
#include "cli/session.hpp"
#include "engine/engine.hpp"
#include "service/watching.hpp"

namespace exeunt::cli {

using base::Result;

Result<int> init(const Session& session, const InitArguments& arguments) {
  service::InitOptions options{session.home, arguments.keys, arguments.checkpoint};
  EXEUNT_TRY_ASSIGN(const auto words, service::initialise(options, session.clock, session.random));
  if (session.out.json()) {
    base::JsonArray made;
    for (const auto& word : words) made.emplace_back(word);
    session.out.print_json(base::JsonObject{{"made", std::move(made)}});
    return 0;
  }
  for (const auto& word : words) session.out.line(word);
  session.out.line("next: fill in exeunt.yaml and policy.yaml, then `exeunt systems check`");
  return 0;
}

namespace {

struct Checked {
  model::SystemId id;
  std::string kind;
  bool simulated = false;
  base::Result<connect::CheckReport> report;
};

base::JsonArray strings(const std::vector<std::string>& values) {
  base::JsonArray out;
  for (const auto& value : values) out.emplace_back(value);
  return out;
}

base::JsonObject check_json(const Checked& checked) {
  base::JsonObject out{
      {"system", checked.id.text()}, {"kind", checked.kind}, {"simulated", checked.simulated}, {"reached", checked.report.has_value()}};
  if (!checked.report) {
    out["error"] = checked.report.error().text();
    return out;
  }
  out["version"] = checked.report->version;
  out["rights"] = strings(checked.report->rights);
  out["missing"] = strings(checked.report->missing);
  out["clock_offset_ms"] = checked.report->clock_offset.count();
  base::JsonArray gaps;
  for (const auto& gap : checked.report->gaps) gaps.push_back(base::JsonObject{{"kind", model::name(gap.kind)}, {"words", gap.words}});
  out["gaps"] = std::move(gaps);
  return out;
}

void print_check(const Output& out, const Checked& checked) {
  const std::string title = fmt::format("{} ({}{})", checked.id.text(), checked.kind, checked.simulated ? ", SIMULATED" : "");
  if (!checked.report) {
    out.line(out.paint(Colour::bold, title) + "  " + out.paint(Colour::bad, "not reached"));
    out.line("    " + base::escape_terminal(checked.report.error().what));
    if (!checked.report.error().next.empty()) out.line("    next: " + base::escape_terminal(checked.report.error().next));
    return;
  }
  out.line(out.paint(Colour::bold, title) + "  " + base::escape_terminal(checked.report->version));
  for (const auto& right : checked.report->rights) out.line("    may: " + base::escape_terminal(right));
  for (const auto& missing : checked.report->missing)
    out.line("    " + out.paint(Colour::warn, "missing: ") + base::escape_terminal(missing));
  for (const auto& gap : checked.report->gaps) out.line("    " + out.paint(Colour::warn, "gap: ") + base::escape_terminal(gap.words));
  if (std::abs(checked.report->clock_offset.count()) > 2000)
    out.line("    " + out.paint(Colour::warn, "clock: ") + fmt::format("{} ms off ours", checked.report->clock_offset.count()));
}

}  // namespace

Result<int> systems_check(const Session& session) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::none));
  int exit = 0;
  base::JsonArray rows;
  for (auto& [id, system] : home->systems) {
    const auto& catalogue = system.connector->catalogue();
    const Checked checked{id, catalogue.kind, catalogue.simulated, system.connector->check({})};
    if (!checked.report)
      exit = engine::worse_exit(exit, exit_of(checked.report.error().code));
    else if (!checked.report->missing.empty())
      exit = engine::worse_exit(exit, 4);
    if (session.out.json())
      rows.push_back(check_json(checked));
    else
      print_check(session.out, checked);
  }
  if (session.out.json()) session.out.print_json(base::JsonObject{{"systems", std::move(rows)}, {"exit", exit}});
  if (home->systems.empty() && !session.out.json()) session.out.line("no systems are configured: add some under `systems:` in exeunt.yaml");
  return exit;
}

Result<int> doctor(const Session& session) {
  EXEUNT_TRY_ASSIGN(const auto home, session.open(service::StoreAccess::stale));
  EXEUNT_TRY_ASSIGN(const auto findings, home->store->verify([&](std::uint64_t done, std::uint64_t of) {
    if (of > 10'000) session.out.progress({fmt::format("checked {} of {} entries", done, of), 0, 0});
  }));
  session.out.end_progress();
  EXEUNT_TRY_ASSIGN(const auto head, home->store->tree_head());
  EXEUNT_TRY_ASSIGN(const auto overdue, service::overdue_watches(*home, session.clock.now()));
  if (session.out.json()) {
    session.out.print_json(base::JsonObject{
        {"entries", head.size}, {"root", base::to_hex(head.root)}, {"findings", strings(findings)}, {"overdue", strings(overdue)}});
  } else {
    for (const auto& finding : findings) session.out.line(session.out.paint(Colour::bad, "broken: ") + base::escape_terminal(finding));
    session.out.line(
        fmt::format("{} entries, root {}: {}", head.size, base::to_hex(head.root).substr(0, 16), findings.empty() ? "sound" : "NOT SOUND"));
  }
  if (!session.out.json())
    for (const auto& words : overdue) session.out.line(session.out.paint(Colour::bad, "ALARM: ") + words);
  if (!findings.empty()) return 7;
  return overdue.empty() ? 0 : 4;
}

Result<int> log_succeed(const Session& session, const std::string& reason) {
  // Opened only to read the keys and the configuration: the store itself may be one that must not run.
  EXEUNT_TRY_ASSIGN(const auto config, service::load_config(session.home));
  EXEUNT_TRY_ASSIGN(const auto who, service::present_operator(config));
  EXEUNT_TRY_ASSIGN(const std::string verifier,
                    service::succeed_log(config, reason + " (by " + who.person.text() + ")", session.clock, session.random));
  session.out.line("the new log's public key, for whoever verifies: " + verifier);
  session.out.line(
      "a new log begins; its first entry names the old checkpoint and what is lost. Look at open cases with `exeunt status` and probe "
      "them.");
  return 0;
}

}  // namespace exeunt::cli
