#include "service/render_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/escape.hpp"
#include "plan/plan_json.hpp"
#include "plan/words.hpp"

namespace exeunt::service {

using base::Json;
using base::JsonArray;
using base::JsonObject;
using model::EdgeKind;
using model::NodeId;
using plan::json_text;

namespace {

constexpr std::size_t k_orphans_shown_max = 50;

std::string_view verb(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::holds: return "holds";
    case EdgeKind::authenticates: return "logs in to";
    case EdgeKind::issued: return "issued";
    case EdgeKind::member_of: return "has";
    case EdgeKind::grants: return "grants";
    case EdgeKind::delegates_to: return "delegates to";
    case EdgeKind::owns: return "owns";
    case EdgeKind::knows: return "knows";
    case EdgeKind::caches: return "keeps";
    case EdgeKind::runs_as: return "runs as";
    case EdgeKind::federates: return "is taken by";
    case EdgeKind::unlocks: return "opens";
  }
  return "";
}

std::string node_words(const graph::AccessMap& map, const NodeId& id) {
  const auto key = model::parse_node_id(id);
  if (!key) return plan::quoted(id.text());
  const model::Node* node = map.find(id);
  return fmt::format("{} {}", name(key->kind),
                     node == nullptr || node->label.empty() ? plan::quoted(key->native_id) : plan::quoted(node->label));
}

/// `E1 holds account "100", which owns account "200", which holds session "…"`
std::string witness_words(const graph::AccessMap& map, const graph::Path& path) {
  std::string out = base::escape_terminal(map.subject().id.text(), 40);
  for (std::size_t i = 0; i < path.witness_edges.size(); ++i)
    out += fmt::format("{}{} {}", i == 0 ? " " : ", which ", verb(path.witness_edges[i]), node_words(map, path.witness[i + 1]));
  return out;
}

struct Shown {
  std::vector<graph::Path> paths;
  std::map<NodeId, graph::Path> surviving;
  [[nodiscard]] std::size_t draining() const {
    return static_cast<std::size_t>(std::count_if(surviving.begin(), surviving.end(), [](const auto& one) { return one.second.drains; }));
  }
};

Shown paths_of(const MapView& view) {
  Shown out;
  out.paths = view.survey.map.paths();
  const auto surviving = view.only.empty() ? out.paths : view.survey.map.survivors(view.only, view.catalogues);
  for (const auto& path : surviving) out.surviving.emplace(path.node.id(), path);
  return out;
}

/// "not revocable: …" of what can only end by itself; empty for all else.
std::string draining_words(const model::Node& node, const graph::Path* left) {
  if (!node.says(model::facts::k_drains)) return "";
  const auto ms = model::ms_fact(node, model::facts::k_until_ms);
  const std::string end =
      ms ? "the last one is over by " + base::to_rfc3339(base::Time(base::Duration(*ms))) : "nobody knows when the last one is over";
  if (left != nullptr && left->drains) return "not issued any more, not revocable: " + end;
  return "not revocable: once none is issued any more they end by themselves" +
         (ms ? "; if that were now, by " + base::to_rfc3339(base::Time(base::Duration(*ms))) : std::string("; nobody knows when"));
}

Json exception_json(const MapView& view, const NodeId& id) {
  const auto found = view.exceptions.find(id);
  if (found == view.exceptions.end()) return nullptr;
  return JsonObject{
      {"id", found->second.exception}, {"case", found->second.case_id.text()}, {"until", base::to_rfc3339(found->second.until)}};
}

Json path_json(const MapView& view, const graph::Path& path, const Shown& shown) {
  const auto& map = view.survey.map;
  const auto left = shown.surviving.find(path.node.id());
  const bool survives = left != shown.surviving.end(), drains = survives && left->second.drains;
  JsonArray witness, edges;
  for (const auto& id : path.witness) witness.push_back(json_text(id.text()));
  for (const auto edge : path.witness_edges) edges.push_back(json_text(name(edge)));
  return JsonObject{{"system", json_text(path.node.key.system.text())},
                    {"kind", json_text(name(path.node.key.kind))},
                    {"id", json_text(path.node.key.native_id)},
                    {"label", json_text(path.node.label)},
                    {"live", path.node.live},
                    {"privileged", path.node.privileged},
                    {"witness", std::move(witness)},
                    {"witness_edges", std::move(edges)},
                    {"witness_words", json_text(witness_words(map, path))},
                    {"surprise", json_text(path.surprise)},
                    {"survives", survives},
                    {"drains", drains},
                    {"until", drains && left->second.until ? json_text(base::to_rfc3339(*left->second.until)) : Json(nullptr)},
                    {"exception", exception_json(view, path.node.id())}};
}

std::string only_words(const std::vector<model::Action>& only) {
  std::string out;
  for (const auto action : only) out += (out.empty() ? "" : ", ") + std::string(name(action));
  return out;
}

/// Surprises first; then by kind and id.
void append_system(std::string& out, const MapView& view, const Shown& shown, const model::SystemId& system) {
  std::vector<const graph::Path*> rows;
  for (const bool surprising : {true, false})
    for (const auto& path : shown.paths)
      if (path.node.key.system == system && path.surprise.empty() != surprising &&
          (view.only.empty() || shown.surviving.contains(path.node.id())))
        rows.push_back(&path);
  if (rows.empty()) return;
  const auto catalogue = view.catalogues.find(system);
  const bool simulated = catalogue != view.catalogues.end() && catalogue->second.simulated;
  out += fmt::format("\n{}{}\n", base::escape_terminal(system.text(), 60), simulated ? " (simulated)" : "");
  for (const auto* path : rows) {
    std::string line = fmt::format("{} {}", name(path->node.key.kind), plan::quoted(path->node));
    if (!path->node.live) line += ", already ended or expired";
    if (const auto mark = view.exceptions.find(path->node.id()); mark != view.exceptions.end())
      line += fmt::format(", stays until {} by exception {} of case {}", base::to_rfc3339(mark->second.until),
                          mark->second.exception.substr(0, 12), base::escape_terminal(mark->second.case_id.text().substr(0, 12)));
    if (!path->surprise.empty()) line += "  <- " + base::escape_terminal(path->surprise);
    const auto left = shown.surviving.find(path->node.id());
    const std::string draining = draining_words(path->node, view.only.empty() || left == shown.surviving.end() ? nullptr : &left->second);
    if (!draining.empty()) line += "; " + draining;
    plan::append_paragraph(out, path->surprise.empty() ? "    " : "  ! ", line);
    plan::append_paragraph(out, "        ", witness_words(view.survey.map, *path));
  }
}

std::vector<std::string> proposed_lines(const graph::AccessMap& map) {
  std::vector<std::string> out;
  for (const auto& link : map.links())
    if (link.person == map.subject().id && link.strength == model::LinkStrength::proposed)
      out.push_back(fmt::format("{} {}: {}; --confirm {}", link.account.text(),
                                map.find(link.account) == nullptr ? "" : map.find(link.account)->label, link.reason, link.account.text()));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> orphan_lines(const engine::Survey& survey) {
  std::vector<std::string> out;
  for (const auto& node : survey.orphans) {
    if (out.size() == k_orphans_shown_max) {
      out.push_back(fmt::format("and {} more: --json lists them", survey.orphans.size() - k_orphans_shown_max));
      break;
    }
    out.push_back(fmt::format("{} {}", node.id().text(), node.label));
  }
  return out;
}

std::vector<std::string> failure_lines(const engine::Survey& survey) {
  std::vector<std::string> out;
  for (const auto& failure : survey.failures) out.push_back(failure.system.text() + ": " + failure.error.text());
  return out;
}

}  // namespace

Json map_json(const MapView& view) {
  const auto& map = view.survey.map;
  const Shown shown = paths_of(view);
  JsonArray paths, only, proposed, orphans, gaps, listings, failures, simulated;
  for (const auto& path : shown.paths) paths.push_back(path_json(view, path, shown));
  for (const auto action : view.only) only.push_back(json_text(name(action)));
  auto links = map.links();
  std::sort(links.begin(), links.end(),
            [](const auto& a, const auto& b) { return std::tie(a.account, a.reason) < std::tie(b.account, b.reason); });
  for (const auto& link : links)
    if (link.person == map.subject().id && link.strength == model::LinkStrength::proposed) proposed.push_back(plan::json_of(link));
  for (const auto& node : view.survey.orphans)
    orphans.push_back(JsonObject{{"system", json_text(node.key.system.text())},
                                 {"kind", json_text(name(node.key.kind))},
                                 {"id", json_text(node.key.native_id)},
                                 {"label", json_text(node.label)}});
  for (const auto& gap : map.gaps()) gaps.push_back(plan::json_of(gap));
  for (const auto& listing : map.listings()) listings.push_back(plan::json_of(listing));
  for (const auto& failure : view.survey.failures)
    failures.push_back(JsonObject{
        {"system", json_text(failure.system.text())}, {"what", json_text(failure.error.what)}, {"next", json_text(failure.error.next)}});
  for (const auto& [system, catalogue] : view.catalogues)
    if (catalogue.simulated) simulated.push_back(json_text(system.text()));
  return JsonObject{{"v", 1},
                    {"subject", plan::json_of(map.subject())},
                    {"only", std::move(only)},
                    {"paths", std::move(paths)},
                    {"proposed", std::move(proposed)},
                    {"orphans", std::move(orphans)},
                    {"gaps", std::move(gaps)},
                    {"listings", std::move(listings)},
                    {"failures", std::move(failures)},
                    {"simulated", std::move(simulated)}};
}

std::string map_table(const MapView& view) {
  const auto& map = view.survey.map;
  const Shown shown = paths_of(view);
  std::set<model::SystemId> systems;
  for (const auto& path : shown.paths) systems.insert(path.node.key.system);
  const auto& subject = map.subject();
  std::string out = fmt::format("{} ({}): {} known ways in on {} systems\n", base::escape_terminal(subject.name, 60),
                                base::escape_terminal(subject.id.text(), 40), shown.paths.size(), systems.size());
  if (!view.only.empty())
    out += fmt::format("After only {}: {} survive{}, {} end\n", only_words(view.only), shown.surviving.size(),
                       shown.draining() == 0 ? "" : fmt::format(" ({} of them until they end by themselves)", shown.draining()),
                       shown.paths.size() - shown.surviving.size());
  for (const auto& system : systems) append_system(out, view, shown, system);
  plan::append_list(out, "May be the person's own; left alone until somebody confirms them:", proposed_lines(map));
  plan::append_list(out, "Accounts that nobody claims:", orphan_lines(view.survey));
  plan::append_list(out, "Systems that could not be asked:", failure_lines(view.survey));
  plan::append_list(out, "Not seen from here:", plan::blind_spots(map.gaps(), map.listings()));
  return out;
}

}  // namespace exeunt::service
