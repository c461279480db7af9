// What is left when only these actions are taken: the answer to "we disable the account, is that not enough?"
#include <algorithm>

#include "graph/access_map.hpp"

namespace exeunt::graph {

using model::Action;
using model::ActionSpec;
using model::NodeId;
using model::NodeKind;

namespace {

/// Ways in that need another one to be used: a membership without a login or a session is dormant.
bool needs_carrier(NodeKind kind) { return kind == NodeKind::membership || kind == NodeKind::grant || kind == NodeKind::delegation; }

/// The specs to be taken, in the order given; a composed one (reset and lock in one call) when all its parts were asked for.
std::vector<const ActionSpec*> taken(const model::Catalogue& catalogue, const std::vector<Action>& actions) {
  std::vector<const ActionSpec*> out;
  for (const Action action : actions)
    if (const ActionSpec* spec = catalogue.find(action)) out.push_back(spec);
  const auto asked = [&](Action action) { return std::find(actions.begin(), actions.end(), action) != actions.end(); };
  for (const auto& spec : catalogue.actions)
    if (!spec.composed_of.empty() && !asked(spec.action) && std::all_of(spec.composed_of.begin(), spec.composed_of.end(), asked))
      out.push_back(&spec);
  return out;
}

bool applies(const ActionSpec& spec, NodeKind anchor) {
  if (spec.target == anchor) return true;
  // A key that stands alone is ended by what ends an account's keys.
  return spec.by_rule && spec.target == NodeKind::account && anchor != NodeKind::account && anchor != NodeKind::secret;
}

bool has(const std::vector<NodeKind>& kinds, NodeKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }

/// What was done to one anchor and still stands.
class Effects {
 public:
  void take(const ActionSpec& spec) {
    for (const Action undone : spec.undoes)
      if (!spec.reasserts) std::erase_if(standing_, [&](const ActionSpec* earlier) { return earlier->action == undone; });
    standing_.push_back(&spec);
  }
  /// Whoever holds `ways` takes back what can be taken back over one of them that is left; which may leave another that takes back the next.
  /// False: nothing could be.
  [[nodiscard]] bool give_back(const std::vector<model::Node>& ways) {
    const auto can_be = [&](const ActionSpec* spec) {
      return std::any_of(ways.begin(), ways.end(),
                         [&](const model::Node& way) { return has(spec->undone_over, way.key.kind) && !shut(way.key.kind); });
    };
    const std::size_t before = standing_.size();
    for (auto undone = standing_.begin(); (undone = std::find_if(standing_.begin(), standing_.end(), can_be)) != standing_.end();)
      standing_.erase(undone);
    return standing_.size() < before;
  }
  [[nodiscard]] bool cover(NodeKind kind) const {
    return std::any_of(standing_.begin(), standing_.end(), [&](const ActionSpec* spec) { return has(spec->covers, kind); });
  }
  [[nodiscard]] bool shut(NodeKind kind) const {
    return cover(kind) ||
           std::any_of(standing_.begin(), standing_.end(), [&](const ActionSpec* spec) { return has(spec->also_shuts, kind); });
  }

 private:
  std::vector<const ActionSpec*> standing_;
};

/// An anchor and what is below it.
struct Family {
  std::vector<NodeId> ids;
  std::vector<model::Node> ways;  // of those: the live ways in, also such as only an edge names
};

Family family_of(const AccessMap& map, const NodeId& anchor) {
  Family family;
  family.ids = map.below(anchor);
  family.ids.push_back(anchor);
  for (const auto& id : family.ids) {
    const auto key = model::parse_node_id(id);
    if (!key || !is_path_kind(key->kind)) continue;
    const model::Node* found = map.find(id);
    model::Node way;
    way.key = *key;
    if (found != nullptr) way = *found;
    if (way.live) family.ways.push_back(std::move(way));
  }
  return family;
}

/// What the actions do to the live paths of a person.
class Outcome {
 public:
  explicit Outcome(const std::vector<Path>& paths) {
    for (const auto& path : paths)
      if (path.node.live) open_.insert(path.node.id());
  }
  void add(const Family& family, const Effects& effects) {
    for (const model::Node& way : family.ways) {
      if (way.says(model::facts::k_drains) && effects.cover(way.key.kind)) {
        draining_.insert(way.id());
      } else if (effects.shut(way.key.kind)) {
        open_.erase(way.id());
      }
    }
  }
  /// What is out ends by itself only where nothing of the family issues any more.
  void look_at_issuing(const Family& family) {
    const bool issues = std::any_of(family.ways.begin(), family.ways.end(), [&](const model::Node& way) {
      return !needs_carrier(way.key.kind) && open_.contains(way.id()) && !way.says(model::facts::k_drains);
    });
    if (!issues) return;
    for (const model::Node& way : family.ways) draining_.erase(way.id());
  }
  [[nodiscard]] bool open(const NodeId& id) const { return open_.contains(id); }
  [[nodiscard]] bool draining(const NodeId& id) const { return draining_.contains(id); }
  /// Whether something else lets her in to where `id` counts; what hangs below nothing needs none.
  [[nodiscard]] bool carried(const NodeId& id, const std::map<NodeId, Family>& families) const {
    bool alone = true;
    for (const auto& [anchor, family] : families) {
      if (anchor == id || std::find(family.ids.begin(), family.ids.end(), id) == family.ids.end()) continue;
      alone = false;
      for (const model::Node& carrier : family.ways)
        if (!needs_carrier(carrier.key.kind) && open(carrier.id())) return true;
    }
    return alone;
  }

 private:
  std::set<NodeId> open_, draining_;
};

std::optional<base::Time> drained_by(const model::Node& node) {
  const auto ms = model::ms_fact(node, model::facts::k_until_ms);
  return ms ? std::optional(base::Time(base::Duration(*ms))) : std::nullopt;
}

}  // namespace

std::vector<Path> AccessMap::survivors(const std::vector<Action>& actions,
                                       const std::map<model::SystemId, model::Catalogue>& catalogues) const {
  std::vector<Path> all = paths();
  Outcome outcome(all);
  std::map<NodeId, Family> families;
  // Who only disables the person's accounts does not know of those that the person made: they are left.
  std::set<NodeId> made;
  for (const auto& path : all)
    if (path.node.key.kind == NodeKind::account && path.witness_edges.size() > 1) made.insert(path.node.id());
  std::map<NodeId, Effects> done;
  bool taken_back = false;
  for (const auto& anchor : anchors()) {
    const Family& family = families[anchor] = family_of(*this, anchor);
    const auto key = model::parse_node_id(anchor);
    const auto catalogue = key ? catalogues.find(key->system) : catalogues.end();
    if (catalogue == catalogues.end() || made.contains(anchor)) continue;
    Effects& effects = done[anchor];
    for (const ActionSpec* spec : taken(catalogue->second, actions))
      if (applies(*spec, key->kind)) effects.take(*spec);
    const model::Node* node = find(anchor);
    if (node != nullptr && node->says(model::facts::k_undoes_lock)) taken_back = effects.give_back(family.ways) || taken_back;
  }
  for (const auto& [anchor, effects] : done) {
    // Which account it follows is not told: a lock of hers that does not stand anywhere is one that may be it.
    const model::Node* node = find(anchor);
    const bool follows = taken_back && node != nullptr && node->says(model::facts::k_locked_at_source);
    if (!follows) outcome.add(families.at(anchor), effects);
  }
  for (const auto& [anchor, family] : families) outcome.look_at_issuing(family);
  std::erase_if(all, [&](const Path& path) {
    const NodeId id = path.node.id();
    return !outcome.open(id) || (needs_carrier(path.node.key.kind) && !outcome.carried(id, families));
  });
  for (auto& path : all) {
    path.drains = outcome.draining(path.node.id());
    if (path.drains) path.until = drained_by(path.node);
  }
  return all;
}

}  // namespace exeunt::graph
