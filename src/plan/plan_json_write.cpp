#include "base/bytes.hpp"
#include "plan/plan.hpp"
#include "plan/plan_json.hpp"

namespace exeunt::plan {

using base::Json;
using base::JsonArray;
using base::JsonObject;

namespace {

template <class Id>
JsonArray ids(const std::vector<Id>& values) {
  JsonArray out;
  for (const auto& value : values) out.push_back(json_text(value.text()));
  return out;
}

template <class T>
JsonArray all(const std::vector<T>& values) {
  JsonArray out;
  for (const auto& value : values) out.push_back(json_of(value));
  return out;
}

Json json_of(const PlannedPath& path) {
  return JsonObject{{"node", plan::json_of(path.node)},
                    {"required", json_text(name(path.required))},
                    {"watched_only", path.watched_only},
                    {"step", json_text(path.step.text())}};
}

Json json_of(const Step& step) {
  JsonArray covers;
  for (const auto kind : step.covers) covers.push_back(json_text(name(kind)));
  JsonObject out{{"id", json_text(step.id.text())},
                 {"stage", json_text(name(step.stage))},
                 {"action", json_text(name(step.action))},
                 {"target", plan::json_of(step.target)},
                 {"covers", std::move(covers)},
                 {"by_rule", step.by_rule},
                 {"destructive", step.destructive},
                 {"reversible", step.reversible},
                 {"needs_secret", step.needs_secret},
                 {"vault_reference", json_text(step.vault_reference)},
                 {"heir", step.heir ? plan::json_of(*step.heir) : Json(nullptr)},
                 {"assignee", json_text(step.assignee.text())},
                 {"words", json_text(step.words)},
                 {"due_ms", step.due.count()},
                 {"after", ids(step.after)},
                 {"expected_calls", step.expected_calls},
                 {"why", json_text(step.why)}};
  if (!step.witnesses.empty()) {
    JsonArray witnesses;
    for (const auto kind : step.witnesses) witnesses.push_back(json_text(name(kind)));
    out["witnesses"] = std::move(witnesses);
  }
  if (!step.gives.empty()) out["gives"] = all(step.gives);
  if (!step.follows.empty()) out["follows"] = all(step.follows);
  if (step.reserve) out["reserve"] = true;
  return out;
}

}  // namespace

Json json_text(std::string_view text) { return Json(boost::json::string_view(text.data(), text.size())); }

Json json_of(const model::Node& node) {
  JsonObject facts;
  for (const auto& [key, value] : node.facts) facts[key] = json_text(value);
  return JsonObject{{"system", json_text(node.key.system.text())},
                    {"kind", json_text(name(node.key.kind))},
                    {"native_id", json_text(node.key.native_id)},
                    {"label", json_text(node.label)},
                    {"facts", std::move(facts)},
                    {"privileged", node.privileged},
                    {"live", node.live}};
}

Json json_of(const model::Gap& gap) {
  return JsonObject{{"system", json_text(gap.system.text())}, {"kind", json_text(name(gap.kind))}, {"words", json_text(gap.words)}};
}

Json json_of(const model::Listing& listing) {
  return JsonObject{{"system", json_text(listing.system.text())}, {"kind", json_text(name(listing.kind))},
                    {"account", json_text(listing.account)},      {"completeness", json_text(name(listing.completeness))},
                    {"reason", json_text(listing.reason)},        {"count", static_cast<std::int64_t>(listing.count)}};
}

Json json_of(const graph::Link& link) {
  return JsonObject{{"person", json_text(link.person.text())},
                    {"account", json_text(link.account.text())},
                    {"strength", json_text(name(link.strength))},
                    {"reason", json_text(link.reason)}};
}

Json json_of(const model::Person& person) {
  return JsonObject{{"id", json_text(person.id.text())}, {"name", json_text(person.name)},
                    {"email", json_text(person.email)},  {"manager", json_text(person.manager.text())},
                    {"login", json_text(person.login)},  {"status", json_text(person.status)}};
}

std::string to_bytes(const Plan& plan) {
  JsonArray irreversible;
  for (const auto& words : plan.irreversible) irreversible.push_back(json_text(words));
  JsonArray paths, steps;
  for (const auto& path : plan.paths) paths.push_back(json_of(path));
  for (const auto& step : plan.steps) steps.push_back(json_of(step));
  JsonObject catalogues;
  for (const auto& [system, digest] : plan.catalogue_digests) catalogues[system.text()] = json_text(digest);
  JsonObject out{{"v", 1},
                 {"tenant", json_text(plan.tenant.text())},
                 {"case", json_text(plan.case_id.text())},
                 {"name", json_text(plan.name)},
                 {"subject", json_of(plan.subject)},
                 {"reason", json_text(plan.reason)},
                 {"urgency", plan.urgency == model::Urgency::immediate ? "immediate" : "staged"},
                 {"links", all(plan.links)},
                 {"proposed", all(plan.proposed)},
                 {"paths", std::move(paths)},
                 {"steps", std::move(steps)},
                 {"bystanders", ids(plan.bystanders)},
                 {"irreversible", std::move(irreversible)},
                 {"gaps", all(plan.gaps)},
                 {"listings", all(plan.listings)},
                 {"heirs", ids(plan.heirs)},
                 {"destructive_calls", plan.destructive_calls},
                 {"policy_digest", json_text(plan.policy_digest)},
                 {"catalogue_digests", std::move(catalogues)},
                 {"approval_valid_ms", plan.approval_valid.count()},
                 {"lower_bound_ms", plan.lower_bound.count()},
                 {"binding_system", json_text(plan.binding_system.text())}};
  if (plan.through > 0) out["through"] = plan.through;
  if (!plan.hand_to.empty()) out["hand_to"] = json_text(plan.hand_to.text());
  return base::canonical_json(out);
}

model::PlanDigest digest_of(std::string_view bytes) { return model::PlanDigest(base::to_hex(base::sha256(bytes))); }

std::string approval_document(const ApprovalRequest& request) {
  return base::canonical_json(JsonObject{{"v", 1},
                                         {"tenant", json_text(request.tenant.text())},
                                         {"case", json_text(request.case_id.text())},
                                         {"plan", json_text(request.digest.text())},
                                         {"expires", json_text(base::to_rfc3339(request.expires))}}) +
         "\n";
}

}  // namespace exeunt::plan
