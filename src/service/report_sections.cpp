#include "service/report_sections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "service/report_curve.hpp"
#include "service/report_words.hpp"

namespace exeunt::service {
namespace {

std::string section(std::string_view id, std::string_view heading, const std::string& body) {
  return fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n", id, heading) + body + "</section>\n";
}

/// Roles are said because the narrow layout takes the table's display away, and with it what a screen reader knows. Cells are HTML already.
class Table {
 public:
  Table(std::string_view caption, const std::vector<std::string_view>& head) {
    out_ = fmt::format("<table role=\"table\">\n<caption>{}</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">", caption);
    for (const auto& cell : head) out_ += fmt::format("<th scope=\"col\" role=\"columnheader\">{}</th>", cell);
    out_ += "</tr></thead>\n<tbody role=\"rowgroup\">\n";
  }
  void row(const std::string& head, const std::vector<std::string>& cells) {
    out_ += "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">" + head + "</th>";
    for (const auto& cell : cells) out_ += "<td role=\"cell\">" + cell + "</td>";
    out_ += "</tr>\n";
  }
  [[nodiscard]] std::string text() const { return out_ + "</tbody>\n</table>\n"; }

 private:
  std::string out_;
};

std::string line(const std::string& words) { return words.empty() ? std::string() : "<p>" + words + "</p>"; }

std::string interval_words(const std::optional<base::Time>& from, const std::optional<base::Time>& to) {
  return from && to ? "took " + length_words(*to - *from) : "not reached";
}

std::string target_words(const std::optional<base::Time>& from, const std::optional<base::Time>& to,
                         const std::optional<base::Duration>& target) {
  if (!target) return "no target";
  const std::string words = "target " + length_words(*target) + ": ";
  if (!from || !to) return words + "not reached";
  return words + (*to - *from <= *target ? "kept" : "<strong>missed</strong>");
}

std::string used_words(const ReportPath& path) {
  std::string out;
  const auto add = [&](int count, std::string_view when) {
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, when);
  };
  add(path.used_before, "before the cut");
  add(path.used_after, "after the cut");
  add(path.used_undecided, "near it, the clocks do not tell on which side");
  return out.empty() ? out : "used: " + out;
}

std::string way_cell(const PathLine& way) {
  const std::string& shown = way.label.empty() ? way.id : way.label;
  std::string out = line(outside(shown));
  out += line("<span class=\"small\">" + html(way.kind) + (way.id == shown ? "" : " " + outside(way.id)) + "</span>");
  if (way.fold.ours) out += line("<span class=\"tag\">ours: opened by this case to test the cut</span>");
  if (!way.required && !way.fold.ours) out += line("<span class=\"tag\">only watched</span>");
  return out;
}

std::string done_cell(const ReportPath& path) {
  std::string out = line(path.line.action.empty() ? "" : html(spaced(path.line.action)));
  if (!path.operator_name.empty()) out += line("<span class=\"small\">run by " + outside(path.operator_name) + "</span>");
  if (!path.approver_name.empty()) out += line("<span class=\"small\">approved by " + outside(path.approver_name) + "</span>");
  return out;
}

std::string known_cell(const PathLine& way) {
  return line("<strong>" + html(spaced(model::name(way.fold.grade))) +
              "</strong> <span class=\"small\">(asked for: " + html(spaced(model::name(way.fold.grade_required))) + ")</span>") +
         line("<span class=\"small\">" + html(known_words(way.fold)) + "</span>");
}

std::string stands_cell(const ReportPath& path) { return line(html(standing_words(path.line))) + line(used_words(path)); }

std::string grades_legend() {
  std::string out = "<details><summary>What the grades mean</summary><dl>\n";
  for (const auto grade : model::all<model::Grade>())
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", spaced(model::name(grade)), grade_words(grade));
  return out + "</dl></details>\n";
}

std::string missing_words(const std::vector<evidence::EvidenceKind>& missing) {
  std::string out;
  for (const auto kind : missing) out += (out.empty() ? "" : ", ") + spaced(name(kind));
  return out.empty() ? out : "not here: " + out;
}

std::string found_words(const evidence::RequirementRow& row) {
  std::string out;
  for (const auto& each : row.found) {
    out += (out.empty() ? "" : ", ") + spaced(name(each.kind)) + " (entry";
    for (std::size_t i = 0; i < each.entries.size(); ++i) out += fmt::format("{} {}", i == 0 ? "" : ",", each.entries[i]);
    out += each.count > each.entries.size() ? fmt::format(" and {} more)", each.count - each.entries.size()) : ")";
  }
  return out.empty() ? out : "found: " + out;
}

}  // namespace

std::string time_section(const Report& report) {
  Table table("The three intervals", {"From and to", "Took", "Target of the policy"});
  table.row("Seen to approved", {interval_words(report.detected, report.approved), "no target"});
  table.row("Approved to identity cut", {interval_words(report.approved, report.identity_cut),
                                         target_words(report.approved, report.identity_cut, report.target_identity)});
  table.row("Approved to no required way in left",
            {interval_words(report.approved, report.zero), target_words(report.approved, report.zero, report.target_zero)});
  return section("time", "How long the ways in stayed open", exposure_curve(report) + table.text());
}

std::string ways_section(const Report& report) {
  std::string body = grades_legend();
  for (auto path = report.paths.begin(); path != report.paths.end();) {
    const std::string& system = path->line.system;
    const auto known = std::find_if(report.systems.begin(), report.systems.end(), [&](const auto& each) { return each.id == system; });
    const std::string caption = "Ways in on " + outside(system) +
                                (known == report.systems.end() ? "" : " <span class=\"small\">(" + html(known->kind) + ")</span>") +
                                (known != report.systems.end() && known->simulated ? " <span class=\"tag\">simulated</span>" : "");
    Table table(caption, {"Way in", "What was done", "How it stands", "How that is known"});
    for (; path != report.paths.end() && path->line.system == system; ++path)
      table.row(way_cell(path->line), {done_cell(*path), stands_cell(*path), known_cell(path->line)});
    body += table.text();
  }
  return section("ways", "Each way in", body);
}

std::string exceptions_section(const Report& report) {
  if (report.exceptions.empty()) return section("exceptions", "Exceptions", "<p>None: nothing was let be.</p>\n");
  Table table("Ways in that stay for a time, by a signature", {"Ways in", "Until", "Why", "Asked by, approved by", "State"});
  for (const auto& each : report.exceptions) {
    std::string ways;
    for (const auto& path : each.paths) ways += line(outside(path));
    table.row(ways, {time_words(each.until), outside(each.reason),
                     line("asked by " + outside(each.asker)) +
                         line(each.approver.empty() ? "approved by nobody" : "approved by " + outside(each.approver)),
                     html(each.state)});
  }
  return section("exceptions", "Exceptions", table.text());
}

std::string tasks_section(const Report& report) {
  std::string body;
  if (report.tasks.empty()) {
    body = "<p>No task was given to a person. This record says nothing about devices, badges and paper.</p>\n";
  } else {
    Table table("What no connector can do, and who was asked", {"Task", "State"});
    for (const auto& task : report.tasks) table.row(outside(task.words), {html(task.state)});
    body = table.text();
  }
  return section("tasks", "Tasks for people, and devices", body);
}

std::string use_section(const Report& report) {
  int before = 0, after = 0, undecided = 0;
  for (const auto& path : report.paths) before += path.used_before, after += path.used_after, undecided += path.used_undecided;
  std::string body = fmt::format(
      "<p>Since the departure was seen, the systems tell of {} successful sign-ins over these ways in before each was cut, {} after, and "
      "{} of "
      "which the clocks do not tell. Our own tries and sessions are not among them.</p>\n",
      before, after, undecided);
  if (report.sources.empty()) return section("use", "What was used", body + "<p>No system could be asked for sign-ins.</p>\n");
  Table table("What the sign-ins were read from", {"System", "How much of it", "Why not all"});
  for (const auto& source : report.sources) table.row(outside(source.system), {html(spaced(source.completeness)), outside(source.reason)});
  return section("use", "What was used", body + table.text());
}

std::string unseen_section(const Report& report) {
  std::string body = "<p>\"All\" in this record means all that was known. These places could hold more.</p>\n";
  if (report.gaps.empty() && report.listings.empty()) body += "<p>None was declared, and every listing was full.</p>\n";
  if (!report.gaps.empty()) {
    Table table("Blind spots, as the connectors declare them", {"System", "Of what", "In words"});
    for (const auto& gap : report.gaps) table.row(outside(gap.system), {html(gap.kind), outside(gap.words)});
    body += table.text();
  }
  if (!report.listings.empty()) {
    Table table("Listings that are not whole", {"System", "Of what", "How much of it", "Why"});
    for (const auto& listing : report.listings)
      table.row(outside(listing.system), {html(listing.kind) + (listing.account.empty() ? "" : " of account " + outside(listing.account)),
                                          html(spaced(listing.completeness)), outside(listing.reason)});
    body += table.text();
  }
  return section("unseen", "What could not be seen", body);
}

std::string requirements_section(const Report& report) {
  Table table("What this record holds for requirements of frameworks", {"Requirement", "Evidence here", "Found", "Not in this record"});
  for (const auto& row : report.requirements) {
    const auto& requirement = *row.requirement;
    table.row(line(fmt::format("{} {}", requirement.framework, requirement.id)) +
                  line(fmt::format("<span class=\"small\">{}: {}</span>", requirement.title, requirement.paraphrase)),
              {fmt::format("{} <span class=\"small\">(at best {}{}{})</span>", name(row.shown), requirement.reach,
                           requirement.left.empty() ? "" : "; left to the organisation: ", requirement.left),
               found_words(row), missing_words(row.missing)});
  }
  return section(
      "requirements", "Requirements of frameworks",
      "<p>One case never shows that an organisation complies. This is a list of what an auditor finds here. The wording is ours.</p>\n" +
          table.text());
}

std::string check_section(const Report& report) {
  return section(
      "check", "How to check this record",
      "<p>This page stands in a folder with the entries that it was made from, their proofs, the approvals with their signatures, and "
      "the signed head of the log. README.txt there has the commands; they need nothing of ours. <code>sha256sum -c SHA256SUMS</code> "
      "is the first of them.</p>\n<p>The log's key is <code>" +
          html(report.log_key) +
          "</code>. Do not take it from here: get it from somebody whom you trust.</p>\n<p>A log that only its operator signs shows that "
          "nothing was changed after a checkpoint left the operator's hands. This record carries no time-stamp of an outside authority and "
          "no witness's signature.</p>\n");
}

}  // namespace exeunt::service
