#include "service/record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plan/plan.hpp"
#include "service/excepting.hpp"
#include "service/who.hpp"
#include "store/case_stream.hpp"

namespace exeunt::service {

using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Result;
using model::name;

namespace {

constexpr std::size_t k_page = 1000;

Json time_or_null(const std::optional<base::Time>& time) { return time ? Json(base::to_rfc3339(*time)) : Json(nullptr); }

std::string referent_value(store::Store& store, const std::string& reference) {
  if (reference.empty()) return {};
  const auto found = store.referent(model::Reference(reference));
  return found ? found->value : reference;  // erased: the reference itself is what is left
}

/// Steps of all plans of the case, by id: what was done to end a path.
std::map<std::string, plan::Step> steps_of(store::Store& store, const evidence::CaseFold& state) {
  std::map<std::string, plan::Step> out;
  for (const auto& compiled : state.plans) {
    const auto bytes = store.document("plan", compiled.digest);
    if (!bytes) continue;
    const auto plan = plan::from_bytes(*bytes);
    if (!plan) continue;
    for (const auto& step : plan->steps) out.emplace(step.id.text(), step);
  }
  return out;
}

Json interval(const std::optional<base::Time>& from, const std::optional<base::Time>& to) {
  if (!from || !to) return nullptr;
  return (*to - *from).count();
}

JsonObject intervals_json(const evidence::CaseFold& state) {
  return {{"detected", time_or_null(state.detected)},
          {"approved", time_or_null(state.approved)},
          {"identity_cut", time_or_null(state.identity_cut)},
          {"zero", time_or_null(state.zero)},
          {"identity_cut_ms", interval(state.approved, state.identity_cut)},
          {"time_to_zero_ms", interval(state.approved, state.zero)}};
}

JsonObject path_json(const PathLine& line) {
  return {{"system", line.system},
          {"kind", line.kind},
          {"id", line.id},
          {"label", line.label},
          {"required", line.required},
          {"ours", line.fold.ours},
          {"state", name(line.fold.state)},
          {"grade", name(line.fold.grade)},
          {"grade_required", name(line.fold.grade_required)},
          {"means", line.fold.means},
          {"control", line.fold.control},
          {"ended_since",
           JsonObject{{"last_admitted", time_or_null(line.fold.last_admitted)}, {"first_refused", time_or_null(line.fold.first_refused)}}},
          {"until", time_or_null(line.fold.until)},
          {"action", line.action},
          {"step", line.step}};
}

std::string tried(const evidence::Leaf& leaf, const std::string& target) {
  std::string out = (leaf.moment == "control" ? "control identity" : target) + " tried by " + leaf.means + " (" + leaf.moment +
                    "): " + (leaf.outcome.empty() ? leaf.answer : leaf.outcome);
  if (!leaf.control.empty()) out += ", control " + leaf.control;
  if (!leaf.state.empty()) out += "; it is " + leaf.state + " (" + leaf.grade + ")";
  return out;
}

/// One entry in words, for the timeline; empty for entries that only a fold needs.
std::string words_of(const evidence::Leaf& leaf, const JsonObject& payload, const std::string& target) {
  const auto text = [&](std::string_view key) {
    const auto found = payload.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  using K = evidence::LeafKind;
  switch (leaf.kind) {
    case K::case_opened: return "case opened: " + text("reason");
    case K::plan_compiled: return "plan " + leaf.digest.substr(0, 12) + " compiled: " + text("words");
    case K::approved: return "approved by " + text("approver");
    case K::state_changed: return "case is " + leaf.state + ": " + text("words");
    case K::path_found: return (leaf.means.empty() ? "way in found: " : "witness opened by this case: ") + target;
    case K::witness_intended: return leaf.step + " about to open a " + leaf.node + " of ours on " + target;
    case K::gap_declared: return "gap: " + text("words");
    case K::step_intended: return leaf.step + " about to act on " + target + " (attempt " + std::to_string(leaf.attempt) + ")";
    case K::step_outcome: return leaf.step + " " + leaf.outcome + ": " + text("words");
    case K::probed: return tried(leaf, target);
    case K::path_changed: return target + " is " + leaf.state + " (" + leaf.grade + ", control " + leaf.control + ")";
    case K::gate_refused: return leaf.step + " refused by the last gate: " + text("words");
    case K::task_changed: return "task " + text("task") + " " + leaf.outcome;
    case K::milestone: return leaf.outcome == "zero" ? "no required way in is open" : "identity cut";
    case K::halted: return "halted: " + text("words");
    case K::clock_stepped: return "the wall clock stepped";
    case K::watch_summary: return "watch: " + text("words");
    case K::exception_asked: return "exception " + leaf.digest.substr(0, 12) + " asked for: " + target + ", " + text("reason");
    case K::exception_approved: return "exception " + leaf.digest.substr(0, 12) + " approved by " + text("approver");
    case K::exception_expired: return "exception " + leaf.digest.substr(0, 12) + " expired: " + text("words");
    case K::used: return target + " was used at " + text("at") + " (" + leaf.moment + "): " + text("words");
    case K::sign_ins_listed:
      return "sign-ins on " + leaf.system + ": " + leaf.completeness + (text("reason").empty() ? "" : ", " + text("reason"));
    case K::listed:
    case K::resumed:
    case K::link_confirmed:
    case K::record_issued:
    case K::log_succeeded:
    case K::noted: return {};
  }
  return {};
}

base::Status add_entries(store::Store& store, const model::CaseId& case_id, JsonArray& entries, JsonArray& timeline) {
  for (std::uint64_t from = 0;;) {
    EXEUNT_TRY_ASSIGN(const auto page, store.read_case(case_id, from, k_page));
    for (const auto& entry : page) {
      EXEUNT_TRY_ASSIGN(const evidence::Leaf leaf, evidence::decode(entry.leaf));
      EXEUNT_TRY_ASSIGN(Json leaf_json, base::parse_json(entry.leaf));
      Json payload = nullptr;
      if (entry.payload && !entry.payload->empty()) {
        EXEUNT_TRY_ASSIGN(payload, base::parse_json(*entry.payload));
      }
      const std::string words =
          words_of(leaf, payload.is_object() ? payload.as_object() : JsonObject{}, referent_value(store, leaf.target));
      if (!words.empty()) timeline.push_back(JsonObject{{"t", base::to_rfc3339(leaf.t)}, {"seq", leaf.case_seq}, {"words", words}});
      entries.push_back(JsonObject{{"leaf", std::move(leaf_json)},
                                   {"tree_index", entry.tree_index},
                                   {"payload", std::move(payload)},
                                   {"salt", base::to_hex(entry.salt)}});
    }
    from += page.size();
    if (page.size() < k_page) return {};
  }
}

JsonArray approvals_json(store::Store& store, const evidence::CaseFold& state) {
  JsonArray out;
  for (const auto& plan : state.plans) {
    const auto signature = store.document("signature", plan.digest);
    out.push_back(JsonObject{{"plan", plan.name},
                             {"digest", plan.digest},
                             {"approver", referent_value(store, plan.approver)},
                             {"approved_at", time_or_null(plan.approved_at)},
                             {"expires", time_or_null(plan.expires)},
                             {"signature", signature ? Json(*signature) : Json(nullptr)}});
  }
  return out;
}

JsonArray gaps_json(const JsonArray& entries) {
  JsonArray out;
  for (const auto& entry : entries) {
    const auto& leaf = entry.at("leaf").as_object();
    if (leaf.at("kind") != "gap_declared") continue;
    const auto& payload = entry.at("payload");
    out.push_back(JsonObject{{"system", leaf.at("system")},
                             {"kind", leaf.at("node")},
                             {"words", payload.is_object() && payload.as_object().contains("words") ? payload.at("words") : Json("")},
                             {"declared_at", leaf.at("t")}});
  }
  return out;
}

Json member_or_null(const Json& payload, std::string_view key) {
  const auto* const object = payload.if_object();
  const Json* const found = object == nullptr ? nullptr : object->if_contains(key);
  return found == nullptr ? Json(nullptr) : *found;
}

JsonObject use_json(store::Store& store, const JsonObject& leaf, const Json& payload) {
  const auto told = [&](std::string_view key) { return member_or_null(payload, key); };
  return {{"system", leaf.at("system")},
          {"kind", leaf.at("node")},
          {"way_in", referent_value(store, std::string(leaf.at("target").as_string()))},
          {"at", base::to_rfc3339(base::Time(base::Duration(leaf.at("count").as_int64())))},
          {"seen_at", leaf.at("t")},
          {"used", told("used")},
          {"account", told("account")},
          {"from", told("from")},
          {"words", told("words")},
          {"clock_offset_ms", told("clock_offset_ms")},
          {"clock_error_ms", told("clock_error_ms")}};
}

/// What was used since the departure was seen, and what that was read from (the newest word of each system).
JsonObject used_json(store::Store& store, const JsonArray& entries) {
  std::map<std::string, JsonArray> by_moment;
  std::map<std::string, JsonObject> sources;
  for (const auto& entry : entries) {
    const auto& leaf = entry.at("leaf").as_object();
    const Json& payload = entry.at("payload");
    if (leaf.at("kind") == "used") by_moment[std::string(leaf.at("moment").as_string())].push_back(use_json(store, leaf, payload));
    if (leaf.at("kind") != "sign_ins_listed") continue;
    const std::string system(leaf.at("system").as_string());
    sources[system] =
        JsonObject{{"system", system}, {"completeness", leaf.at("completeness")}, {"reason", member_or_null(payload, "reason")}};
  }
  JsonArray rows;
  for (auto& [system, source] : sources) rows.push_back(std::move(source));
  JsonObject out;
  for (const auto moment : model::all<model::UseMoment>()) {
    const auto name_of = name(moment);
    out[name_of] = std::move(by_moment[std::string(name_of)]);
  }
  out["sources"] = std::move(rows);
  return out;
}

JsonArray listings_json(store::Store& store, const evidence::CaseFold& state) {
  JsonArray out;
  for (const auto& [key, listing] : state.listings)
    out.push_back(JsonObject{{"system", listing.system},
                             {"kind", name(listing.node)},
                             {"account", referent_value(store, listing.account)},
                             {"completeness", name(listing.completeness)},
                             {"count", listing.count}});
  return out;
}

}  // namespace

std::string use_words(const evidence::CaseFold& state) {
  if (state.sign_ins.empty()) return {};
  std::int64_t count = 0;
  for (const auto& [target, instants] : state.uses)
    for (const auto& [at, times] : instants) count += times;
  std::string out =
      fmt::format("{} sign-in{} since the departure was seen, {} after the cut", count, count == 1 ? "" : "s", state.used_after_cut);
  std::string less;
  for (const auto& [system, source] : state.sign_ins)
    if (source.completeness != model::Completeness::full) less += (less.empty() ? "" : ", ") + system;
  return less.empty() ? out : out + "; not all of " + less;
}

Result<std::vector<PathLine>> path_lines(Home& home, const evidence::CaseFold& state, base::Time now) {
  const auto steps = steps_of(*home.store, state);
  std::vector<PathLine> out;
  for (const auto& [reference, path] : state.paths) {
    PathLine line;
    line.system = path.system;
    line.kind = name(path.node);
    line.required = path.required;
    line.fold = evidence::at(path, now);
    line.step = path.step;
    const auto referent = home.store->referent(model::Reference(reference));
    if (referent) {
      line.label = referent->label;
      const auto key = model::parse_node_id(model::NodeId(referent->value));
      line.id = key ? key->native_id : referent->value;
    } else {
      line.id = reference;
    }
    if (const auto step = steps.find(path.step); step != steps.end()) line.action = name(step->second.action);
    out.push_back(std::move(line));
  }
  std::sort(out.begin(), out.end(),
            [](const PathLine& a, const PathLine& b) { return std::tie(a.system, a.kind, a.id) < std::tie(b.system, b.kind, b.id); });
  return out;
}

Result<Json> record_json(Home& home, const model::CaseId& case_id, base::Time now) {
  auto& store = *home.store;
  EXEUNT_TRY_ASSIGN(const auto folder, store::fold_case(store, case_id));
  const evidence::CaseFold& state = folder.state();
  EXEUNT_TRY_ASSIGN(const auto lines, path_lines(home, state, now));
  JsonArray paths;
  for (const auto& line : lines) paths.push_back(path_json(line));
  JsonArray entries;
  JsonArray timeline;
  EXEUNT_TRY(add_entries(store, case_id, entries, timeline));
  JsonArray tasks;
  for (const auto& [reference, task_state] : state.tasks)
    tasks.push_back(JsonObject{{"task", referent_value(store, reference)}, {"state", task_state}});
  JsonArray systems;
  for (const auto& [id, system] : home.systems)
    systems.push_back(JsonObject{
        {"id", id.text()}, {"kind", system.connector->catalogue().kind}, {"simulated", system.connector->catalogue().simulated}});
  JsonArray exceptions;
  EXEUNT_TRY_ASSIGN(const auto asked, exception_lines(store, case_id, now));
  for (const auto& line : asked) exceptions.push_back(exception_json(line));
  EXEUNT_TRY_ASSIGN(const auto checkpoint, store.last_checkpoint());
  JsonArray gaps = gaps_json(entries);
  JsonObject used = used_json(store, entries);
  return JsonObject{{"v", 1},
                    {"tenant", state.tenant},
                    {"case", state.case_id},
                    {"subject", referent_value(store, state.subject)},
                    {"digest", state.plans.empty() ? "" : state.plans.front().digest},
                    {"state", name(state.state)},
                    {"exit", evidence::exit_code(state, now)},
                    {"headline", "all known ways in; what is not known is under gaps and listings"},
                    {"systems", std::move(systems)},
                    {"approvals", approvals_json(store, state)},
                    {"intervals", intervals_json(state)},
                    {"paths", std::move(paths)},
                    {"exceptions", std::move(exceptions)},
                    {"used", std::move(used)},
                    {"gaps", std::move(gaps)},
                    {"listings", listings_json(store, state)},
                    {"tasks", std::move(tasks)},
                    {"timeline", std::move(timeline)},
                    {"entries", std::move(entries)},
                    {"checkpoint", checkpoint ? Json(*checkpoint) : Json(nullptr)}};
}

}  // namespace exeunt::service
