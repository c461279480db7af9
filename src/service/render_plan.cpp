#include "service/render_plan.hpp"

#include <fmt/format.h>

#include <map>

#include "base/check.hpp"
#include "base/escape.hpp"
#include "evidence/fold.hpp"
#include "plan/plan_json.hpp"
#include "plan/words.hpp"
#include "service/render_restore.hpp"

namespace exeunt::service {

using base::Json;

namespace {

std::string safe(std::string_view text, std::size_t columns = 0) { return base::escape_terminal(text, columns); }

/// "2 sessions, 1 secret": what of the map a step ends.
std::string ends_of(const plan::Plan& plan, const plan::Step& step) {
  std::map<model::NodeKind, int> counts;
  for (const auto& path : plan.paths)
    if (path.step == step.id) ++counts[path.node.key.kind];
  std::string out;
  for (const auto& [kind, count] : counts)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, count == 1 ? name(kind) : plan::plural(kind));
  return out;
}

void append_step(std::string& out, const plan::Plan& plan, const plan::Step& step) {
  std::string line = plan::sentence(step);
  if (const auto ends = ends_of(plan, step); !ends.empty()) line += "; ends " + ends;
  for (const auto kind : step.witnesses) line += fmt::format("; opens a {} of ours there before, which ends with the others", name(kind));
  if (step.by_rule) line += ends_of(plan, step).empty() ? "; whatever there is by then" : " and whatever comes by then";
  if (!step.after.empty()) {
    line += "; after ";
    for (std::size_t i = 0; i < step.after.size(); ++i) line += (i == 0 ? "" : ", ") + safe(step.after[i].text(), 20);
  }
  if (!step.reversible) line += "; cannot be undone";
  plan::append_paragraph(out, fmt::format("  {}  ", safe(step.id.text(), 20)), line);
}

std::vector<std::string> link_lines(const std::vector<graph::Link>& links) {
  std::vector<std::string> out;
  for (const auto& link : links) out.push_back(fmt::format("{}: {} ({})", link.account.text(), name(link.strength), link.reason));
  return out;
}

std::vector<std::string> bystander_lines(const plan::Plan& plan) {
  std::vector<std::string> out;
  for (const auto& id : plan.bystanders) out.push_back(plan::bystander_words(id));
  return out;
}

std::vector<std::string> stepless_lines(const plan::Plan& plan) {
  std::vector<std::string> out;
  for (const auto& path : plan.paths)
    if (path.step.empty()) out.push_back(path.node.id().text() + " " + path.node.label);
  return out;
}

std::vector<std::string> heir_lines(const plan::Plan& plan) {
  std::vector<std::string> out;
  for (const auto& heir : plan.heirs) out.push_back(heir.text() + " takes over what the subject owns, and may not approve this");
  return out;
}

}  // namespace

Json plan_json(const plan::Plan& plan, const std::string& digest) {
  auto document = base::parse_json(plan::to_bytes(plan));
  EXEUNT_CHECK(document.has_value() && document->is_object());  // our own canonical bytes
  document->as_object()["digest"] = plan::json_text(digest);
  return *document;
}

std::string plan_table(const plan::Plan& plan, const std::string& digest, const plan::Kept& kept) {
  if (plan.name == evidence::k_restore_plan) return restore_table(plan, digest);
  std::string out = fmt::format("Plan{} for {} ({}), case {}\n", plan.name.empty() ? "" : " " + safe(plan.name, 20),
                                safe(plan.subject.name, 60), safe(plan.subject.id.text(), 40), safe(plan.case_id.text()));
  out += fmt::format("digest {}\n", safe(digest));
  std::size_t watched = 0;
  for (const auto& path : plan.paths) watched += path.watched_only ? 1 : 0;
  plan::append_paragraph(
      out, "",
      fmt::format("{} ways in{}, {} steps, {} destructive calls; an approval holds for {}; no run can be faster than {}{}",
                  plan.paths.size(), watched == 0 ? "" : fmt::format(" ({} only watched)", watched), plan.steps.size(),
                  plan.destructive_calls, plan::words(plan.approval_valid), plan::words(plan.lower_bound),
                  plan.binding_system.empty() ? "" : " (" + safe(plan.binding_system.text(), 40) + ")"));
  for (const auto stage : model::all<model::Stage>()) {
    bool headed = false;
    for (const auto& step : plan.steps) {
      if (step.stage != stage) continue;
      if (!headed) out += fmt::format("\nStage {}: {}\n", static_cast<int>(stage), plan::words(stage));
      headed = true;
      append_step(out, plan, step);
    }
  }
  plan::append_list(out, "No step ends these:", stepless_lines(plan));
  plan::append_list(out, "Stay for a time, by an exception:", plan::kept_lines(plan, kept));
  plan::append_list(out, "In reach by name:", link_lines(plan.links));
  plan::append_list(out, "May be the person's own; left alone until somebody confirms them:", link_lines(plan.proposed));
  plan::append_list(out, "Cannot be undone:", plan.irreversible);
  plan::append_list(out, "Others who will notice:", bystander_lines(plan));
  plan::append_list(out, "Heirs:", heir_lines(plan));
  plan::append_list(out, "Not seen from here:", plan::blind_spots(plan.gaps, plan.listings));
  return out;
}

}  // namespace exeunt::service
