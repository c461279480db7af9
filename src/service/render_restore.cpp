#include "service/render_restore.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"
#include "plan/plan_json.hpp"
#include "plan/restore.hpp"
#include "plan/words.hpp"

namespace exeunt::service {

using base::Json;
using base::JsonArray;
using base::JsonObject;

namespace {

std::string safe(std::string_view text, std::size_t columns = 0) { return base::escape_terminal(text, columns); }

/// "membership "analysts" (admin_option: yes)"
std::string gift(const model::Node& node) {
  std::string out = fmt::format("{} {}", name(node.key.kind), plan::quoted(node));
  std::string facts;
  for (const auto& [key, value] : node.facts) facts += fmt::format("{}{}: {}", facts.empty() ? "" : ", ", safe(key, 40), safe(value, 60));
  return facts.empty() ? out : out + " (" + facts + ")";
}

JsonObject step_json(const plan::Step& step) {
  JsonArray what, follows;
  for (const auto& node : step.gives) what.push_back(plan::json_of(node));
  for (const auto& node : step.follows) follows.push_back(plan::json_text(node.id().text()));
  return {{"step", step.id.text()},
          {"system", plan::json_text(step.target.key.system.text())},
          {"account", plan::json_text(step.target.key.native_id)},
          {"label", plan::json_text(step.target.label)},
          {"action", name(step.action)},
          {"gives", std::move(what)},
          {"follows", std::move(follows)},
          {"new_password", step.needs_secret},
          {"why", plan::json_text(step.why)}};
}

}  // namespace

Json restore_json(const engine::RestorePlan& restore) {
  const plan::Plan& plan = restore.plan;
  JsonArray steps, never, old_ways;
  for (const auto& step : plan.steps)
    if (!step.reserve) steps.push_back(step_json(step));
  for (const auto& words : plan.irreversible) never.push_back(plan::json_text(words));
  for (const auto& way : plan.paths) old_ways.push_back(plan::json_text(way.node.id().text()));
  return JsonObject{{"v", 1},
                    {"case", plan.case_id.text()},
                    {"subject", plan::json_text(plan.subject.id.text())},
                    {"digest", restore.digest},
                    {"reason", plan::json_text(plan.reason)},
                    {"approved", restore.approved},
                    {"expires", base::to_rfc3339(restore.expires)},
                    {"hand_to", plan.hand_to.empty() ? Json(nullptr) : plan::json_text(plan.hand_to.text())},
                    {"comes_back", std::move(steps)},
                    {"cannot_come_back", std::move(never)},
                    {"old_ways", std::move(old_ways)}};
}

std::string restore_table(const plan::Plan& plan, const std::string& digest) {
  std::string out = fmt::format("Restore for {} ({}), case {}\n", safe(plan.subject.name, 60), safe(plan.subject.id.text(), 40),
                                safe(plan.case_id.text()));
  out += fmt::format("digest {}\n", safe(digest));
  plan::append_paragraph(out, "",
                         fmt::format("{}; an approval holds for {}; {} old ways in are tried before and after, and stay ended",
                                     safe(plan.reason), plan::words(plan.approval_valid), plan.paths.size()));
  out += "\nComes back, in this order:\n";
  for (const auto& step : plan.steps) {
    if (step.reserve) continue;
    plan::append_paragraph(out, fmt::format("  {}  ", safe(step.id.text(), 20)),
                           plan::sentence(step) + (step.needs_secret ? "; a new password is made and sealed" : ""));
    for (const auto& node : step.gives) plan::append_paragraph(out, "      - ", gift(node));
    for (const auto& node : step.follows)
      plan::append_paragraph(out, "      - with it: ",
                             fmt::format("{} {} on {}, which only a lock at its source shut", name(node.key.kind), plan::quoted(node),
                                         safe(node.key.system.text(), 40)));
    if (plan::reserve_of(plan, step) != nullptr)
      plan::append_paragraph(out, "      ", "shut again as the case shut it where an old way in is let in");
  }
  if (!plan.hand_to.empty())
    plan::append_paragraph(out, "\n",
                           "New passwords are handed to " + safe(plan.hand_to.text(), 40) + ": exeunt restore CASE --hand-over FILE");
  plan::append_list(out, "Cannot come back:", plan.irreversible);
  return out;
}

}  // namespace exeunt::service
