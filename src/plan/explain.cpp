#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"
#include "plan/words.hpp"

namespace exeunt::plan {

namespace {

std::string safe(std::string_view text) { return base::escape_terminal(text); }

std::string name_of(const model::Person& person) {
  return safe(person.name.empty() ? person.id.text() : person.name) + " (" + safe(person.id.text()) + ")";
}

/// Stages in which there is something, in their order.
template <class Each>
void each_stage(const Plan& plan, Each each) {
  for (const auto stage : model::all<model::Stage>()) {
    std::vector<const Step*> steps;
    for (const auto& step : plan.steps)
      if (step.stage == stage) steps.push_back(&step);
    if (!steps.empty() || stage == model::Stage::prove) each(stage, steps);
  }
}

std::string ids_of(const std::vector<model::StepId>& ids) {
  std::string out;
  for (const auto& id : ids) out += (out.empty() ? "" : ", ") + safe(id.text());
  return out;
}

std::vector<const PlannedPath*> paths_of(const Plan& plan, const Step& step) {
  std::vector<const PlannedPath*> out;
  for (const auto& path : plan.paths)
    if (path.step == step.id) out.push_back(&path);
  return out;
}

std::vector<std::string> proposed_lines(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& link : plan.proposed) out.push_back(link.account.text() + " (" + link.reason + ")");
  return out;
}

std::vector<std::string> bystander_lines(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& id : plan.bystanders) out.push_back(bystander_words(id));
  return out;
}

/// The step would shut the very thing that it names, and that stays.
bool is_held_back(const Step& step, const Kept& kept) {
  return kept.contains(step.target.id()) && std::find(step.covers.begin(), step.covers.end(), step.target.key.kind) != step.covers.end();
}

void explain_step(std::string& out, const Plan& plan, const Step& step, const Kept& kept) {
  append_paragraph(out, fmt::format("  {}  ", safe(step.id.text())), sentence(step));
  constexpr auto indent = "       ";
  if (!step.why.empty()) append_paragraph(out, fmt::format("{}why: ", indent), safe(step.why));
  if (!step.after.empty()) append_paragraph(out, fmt::format("{}waits for: ", indent), ids_of(step.after));
  if (const auto rule = rule_words(step); !rule.empty()) append_paragraph(out, indent, rule);
  std::string ends;
  for (const auto* path : paths_of(plan, step))
    ends += fmt::format("{}{} {} (at least {}{})", ends.empty() ? "" : ", ", name(path->node.key.kind), quoted(path->node),
                        name(path->required), kept_words(kept, path->node.id()));
  if (!ends.empty()) append_paragraph(out, fmt::format("{}ends: ", indent), ends);
  if (is_held_back(step, kept)) append_paragraph(out, indent, "held back as a whole" + kept_words(kept, step.target.id()));
  for (const auto kind : step.witnesses)
    append_paragraph(
        out, indent,
        fmt::format("opens a {0} of ours on this account just before (witness): it is a way in of the case, must be refused with the "
                    "others, and shows that they ended",
                    name(kind)));
  if (!step.reversible) append_paragraph(out, indent, "cannot be undone");
}

}  // namespace

std::string explain(const Plan& plan, const Kept& kept) {
  std::string out = fmt::format("Plan{} of case {} for {}\n", plan.name.empty() ? "" : " " + safe(plan.name), safe(plan.case_id.text()),
                                name_of(plan.subject));
  append_paragraph(
      out, "  ",
      fmt::format("{} ways in, {} steps, {} destructive calls. Stages never change places; within a stage the order is: shut logins, take "
                  "away what opens them again, end what is open.",
                  plan.paths.size(), plan.steps.size(), plan.destructive_calls));
  each_stage(plan, [&](model::Stage stage, const std::vector<const Step*>& steps) {
    out += fmt::format("\nStage {}: {}\n", static_cast<int>(stage), words(stage));
    append_paragraph(out, "  ", reason(stage));
    for (const auto* step : steps) explain_step(out, plan, *step, kept);
  });
  std::vector<std::string> open;
  for (const auto& path : plan.paths)
    if (path.step.empty()) open.push_back(path.node.id().text() + " " + path.node.label);
  append_list(out, "No step ends these:", open);
  append_list(out, "Stay for a time, by an exception:", kept_lines(plan, kept));
  append_list(out, "Cannot be undone:", plan.irreversible);
  append_list(out, "Accounts that may be the person's own, left alone until somebody confirms them:", proposed_lines(plan));
  append_list(out, "Others who will notice:", bystander_lines(plan));
  append_list(out, "Not seen from here:", blind_spots(plan.gaps, plan.listings));
  append_paragraph(out, "\nNo run can be faster than ",
                   fmt::format("{} under the budgets{}.", words(plan.lower_bound),
                               plan.binding_system.empty() ? "" : "; " + safe(plan.binding_system.text()) + " sets it"));
  return out;
}

namespace {

void runbook_step(std::string& out, const Plan& plan, const Step& step, const Kept& kept) {
  append_paragraph(out, fmt::format("  [ ] {}  ", safe(step.id.text())), sentence(step));
  constexpr auto indent = "           ";
  if (is_held_back(step, kept)) append_paragraph(out, indent, "NOT YET: it would end what" + kept_words(kept, step.target.id()).substr(1));
  if (step.action != model::Action::attest && step.action != model::Action::review)
    append_paragraph(out, fmt::format("{}immutable id: ", indent), safe(step.target.key.native_id));
  for (const char* fact : {"dn", "login", "role", "account"})
    if (const auto known = step.target.facts.find(fact); known != step.target.facts.end() && !known->second.empty())
      append_paragraph(out, fmt::format("{}{}: ", indent, fact), safe(known->second));
  if (!step.vault_reference.empty())
    append_paragraph(out, fmt::format("{}then store the new value in: ", indent), safe(step.vault_reference));
  if (!step.after.empty()) append_paragraph(out, fmt::format("{}only after: ", indent), ids_of(step.after));
  std::string seen;
  for (const auto* path : paths_of(plan, step))
    if (path->node.key != step.target.key)
      append_paragraph(seen, fmt::format("{}  [ ] ", indent),
                       fmt::format("{} {}{}", name(path->node.key.kind), quoted(path->node), kept_words(kept, path->node.id())));
  if (step.by_rule)
    append_paragraph(out, indent,
                     fmt::format("list them, end them all, list again; go on when two lists in a row show nothing new. {}",
                                 seen.empty() ? "None was seen when this was printed." : "Seen when this was printed:"));
  out += seen;
  if (!step.reversible) append_paragraph(out, indent, "CANNOT BE UNDONE");
  out += fmt::format("{}done at ____:____  by ____________  seen refused at ____:____\n", indent);
}

}  // namespace

std::string runbook(const Plan& plan, const Kept& kept) {
  std::string out = "RUNBOOK: for a day when Exeunt does not run\n\n";
  append_paragraph(out, "End the access of: ", name_of(plan.subject));
  append_paragraph(out, "Case:              ",
                   fmt::format("{}{}", safe(plan.case_id.text()), plan.name.empty() ? "" : ", delta plan " + safe(plan.name)));
  append_paragraph(out, "Reason:            ", safe(plan.reason));
  append_paragraph(out, "Approved by:       ", "____________________  (not the subject, not whoever works through this page)");
  out += "\n";
  append_paragraph(out, "",
                   "Work from the top down. Do not change the order: a stage begins when the one before it is done, or when it cannot be "
                   "done today; then write that "
                   "down and go on. \"Disabled\" is not \"ended\": after every step try the way in, see it refused, and see that a "
                   "colleague still gets in.");
  each_stage(plan, [&](model::Stage stage, const std::vector<const Step*>& steps) {
    out += fmt::format("\nSTAGE {}: {}\n", static_cast<int>(stage), words(stage));
    for (const auto* step : steps) runbook_step(out, plan, *step, kept);
    if (stage != model::Stage::prove) return;
    append_paragraph(
        out, "  [ ] ",
        "One minute after the last step: list every account, session, key and membership again. Nothing of the person's may be there.");
    append_paragraph(out, "  [ ] ", "Try every way in once more. Write down each answer and the time.");
    append_paragraph(out, "  [ ] ", "Give this page to whoever runs Exeunt: the case is finished there, with probes.");
  });
  append_list(out, "STAY FOR A TIME, BY AN EXCEPTION: end each when its time has come", kept_lines(plan, kept));
  append_list(out, "CANNOT BE UNDONE", plan.irreversible);
  append_list(out, "MAY BE THE PERSON'S OWN: ask before touching", proposed_lines(plan));
  append_list(out, "TELL THESE BEFORE THEIR WORK STOPS", bystander_lines(plan));
  append_list(out, "NOT SEEN FROM HERE: look by hand", blind_spots(plan.gaps, plan.listings));
  return out;
}

}  // namespace exeunt::plan
