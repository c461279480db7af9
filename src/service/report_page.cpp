#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "service/report.hpp"
#include "service/report_sections.hpp"
#include "service/report_style.hpp"
#include "service/report_words.hpp"

namespace exeunt::service {
namespace {

using model::PathState;

constexpr std::size_t k_named_max = 8;  // on the first screen; all of them stand below

/// The ways in that the headline speaks of: required, and the person's.
std::vector<const PathLine*> known_ways(const Report& report) {
  std::vector<const PathLine*> out;
  for (const auto& path : report.paths)
    if (path.line.required && !path.line.fold.ours) out.push_back(&path.line);
  return out;
}

std::string plural(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + outside(name);
  return out;
}

std::string label_of(const PathLine& line) { return outside(line.label.empty() ? line.id : line.label); }

/// The latest first refusal: since then none of them was let in.
std::optional<base::Time> ended_since(const std::vector<const PathLine*>& ways) {
  std::optional<base::Time> out;
  for (const auto* way : ways)
    if (way->fold.first_refused && (!out || *way->fold.first_refused > *out)) out = way->fold.first_refused;
  return out;
}

std::string verdict(const Report& report) {
  const auto ways = known_ways(report);
  const auto count_of = [&](auto predicate) { return static_cast<std::size_t>(std::count_if(ways.begin(), ways.end(), predicate)); };
  const std::size_t over = count_of([](const auto* way) { return is_over(*way); });
  const std::size_t open =
      count_of([](const auto* way) { return way->fold.state == PathState::live || way->fold.state == PathState::ending; });
  const std::string known = plural(ways.size(), "known way in", "known ways in");
  if (ways.empty()) return "<p class=\"verdict warn\">No way in is known.</p>\n";
  if (over == ways.size()) {
    const auto since = ended_since(ways);
    return fmt::format("<p class=\"verdict good\">{}. {} ended{}.</p>\n", known, ways.size() == 1 ? "It has" : "All have",
                       since ? ", since " + time_words(*since) : "");
  }
  return fmt::format("<p class=\"verdict {}\">{}. {} ended; {} {}.</p>\n", open > 0 ? "bad" : "warn", known,
                     over == 0   ? std::string("None has")
                     : over == 1 ? std::string("One has")
                                 : fmt::format("{} have", over),
                     ways.size() - over, ways.size() - over == 1 ? "remains" : "remain");
}

std::string remaining(const Report& report) {
  std::string rows;
  std::size_t count = 0;
  for (const auto* way : known_ways(report)) {
    if (is_over(*way)) continue;
    if (++count <= k_named_max)
      rows += fmt::format("<li>{} ({} on {}): {}</li>\n", label_of(*way), html(way->kind), html(way->system), html(standing_words(*way)));
  }
  const auto tasks = static_cast<std::size_t>(
      std::count_if(report.tasks.begin(), report.tasks.end(), [](const auto& task) { return task.state != "done"; }));
  if (count > k_named_max) rows += fmt::format("<li>and {} more: see <a href=\"#ways\">each way in</a></li>\n", count - k_named_max);
  if (tasks > 0)
    rows += fmt::format("<li>{} not done: see <a href=\"#tasks\">tasks</a></li>\n",
                        plural(tasks, "task for a person is", "tasks for people are"));
  return rows.empty() ? "<p>Nothing remains.</p>\n" : "<ul>\n" + rows + "</ul>\n";
}

std::string unseen(const Report& report) {
  if (report.gaps.empty() && report.listings.empty()) return "<p>No blind spot was declared, and every listing was full.</p>\n";
  std::map<std::string, std::size_t> gaps;
  for (const auto& gap : report.gaps) ++gaps[gap.system];
  std::string rows;
  for (const auto& [system, count] : gaps)
    rows += fmt::format("<li>{}: {}</li>\n", outside(system), plural(count, "blind spot", "blind spots"));
  if (!report.listings.empty())
    rows += fmt::format("<li>{} not whole</li>\n", plural(report.listings.size(), "listing was", "listings were"));
  return "<ul>\n" + rows + "</ul>\n<p class=\"small\">In words: <a href=\"#unseen\">what could not be seen</a>.</p>\n";
}

std::string fact(std::string_view term, const std::string& words) {
  return words.empty() ? std::string() : fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, words);
}

std::string approved_words(const Report& report) {
  if (report.approvers.empty()) return "nobody";
  std::string out = joined(report.approvers);
  if (report.approved) out += ", " + time_words(*report.approved);
  return report.same_person ? out + ". <strong>Approver and operator were the same person.</strong>" : out;
}

std::string simulated_notice(const Report& report) {
  std::vector<std::string> simulated;
  for (const auto& system : report.systems)
    if (system.simulated) simulated.push_back(system.id);
  if (simulated.empty()) return {};
  return "<p class=\"notice\"><strong>Simulated:</strong> " + joined(simulated) +
         ". These are no real systems; what this record says of them says nothing about real access.</p>\n";
}

std::string first_screen(const Report& report) {
  return "<section aria-labelledby=\"short\">\n<h2 id=\"short\">In short</h2>\n" + verdict(report) + simulated_notice(report) +
         "<dl class=\"facts\">\n" + fact("Who", outside(report.subject)) +
         fact("Why", report.reason.empty() ? "" : outside(report.reason)) +
         fact("Seen", report.detected ? time_words(*report.detected) : "") + fact("Approved by", approved_words(report)) +
         fact("Run by", report.operators.empty() ? "nobody yet" : joined(report.operators)) +
         fact("The case is", std::string(case_words(report.state))) +
         fact("This record",
              fmt::format("issued {} through entry {}; what happened later is not in it", time_words(report.issued_at), report.through)) +
         "</dl>\n<h3>What remains, and until when</h3>\n" + remaining(report) + "<h3>What could not be seen</h3>\n" + unseen(report) +
         "</section>\n";
}

}  // namespace

std::string report_html(const Report& report) {
  const std::string title = "Departure of " + html(report.subject);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n<title>" +
         title + "</title>\n<style>" + std::string(k_report_style) +
         "</style>\n</head>\n<body>\n<header>\n<p class=\"small\">Record of a departure, case " + html(report.case_id) +
         "</p>\n<h1>Departure of " + outside(report.subject) + "</h1>\n</header>\n<main>\n" + first_screen(report) + time_section(report) +
         ways_section(report) + exceptions_section(report) + tasks_section(report) + use_section(report) + unseen_section(report) +
         requirements_section(report) + check_section(report) +
         "</main>\n<footer>\n<p class=\"small\">Times are UTC. Texts that came from outside are shown as they were; characters that hide "
         "or turn "
         "text are shown as codes.</p>\n</footer>\n</body>\n</html>\n";
}

}  // namespace exeunt::service
