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

class Effects {
 public:
  void take(const ActionSpec& spec) {
    for (const Action undone : spec.undoes)
      if (!spec.reasserts) std::erase_if(standing_, [&](const ActionSpec* earlier) { return earlier->action == undone; });
    standing_.push_back(&spec);
  }
  [[nodiscard]] bool cover(NodeKind kind) const {
    return std::any_of(standing_.begin(), standing_.end(), [&](const ActionSpec* spec) {
      return std::find(spec->covers.begin(), spec->covers.end(), kind) != spec->covers.end();
    });
  }

 private:
  std::vector<const ActionSpec*> standing_;
};

}  // namespace

std::vector<Path> AccessMap::survivors(const std::vector<Action>& actions,
                                       const std::map<model::SystemId, model::Catalogue>& catalogues) const {
  std::vector<Path> all = paths();
  std::set<NodeId> open;
  for (const auto& path : all)
    if (path.node.live) open.insert(path.node.id());
  std::map<NodeId, std::vector<NodeId>> family;  // anchor and what is below it
  // Who only disables the person's accounts does not know of those that the person made: they are left.
  std::set<NodeId> made;
  for (const auto& path : all)
    if (path.node.key.kind == NodeKind::account && path.witness_edges.size() > 1) made.insert(path.node.id());
  for (const auto& anchor : anchors()) {
    auto& nodes = family[anchor];
    nodes = below(anchor);
    nodes.push_back(anchor);
    const auto key = model::parse_node_id(anchor);
    const auto catalogue = key ? catalogues.find(key->system) : catalogues.end();
    if (catalogue == catalogues.end() || made.contains(anchor)) continue;
    Effects effects;
    for (const ActionSpec* spec : taken(catalogue->second, actions))
      if (applies(*spec, key->kind)) effects.take(*spec);
    for (const auto& id : nodes)
      if (const auto node = model::parse_node_id(id); node && effects.cover(node->kind)) open.erase(id);
  }
  const auto carried = [&](const NodeId& id) {
    bool alone = true;
    for (const auto& [anchor, nodes] : family) {
      if (anchor == id || std::find(nodes.begin(), nodes.end(), id) == nodes.end()) continue;
      alone = false;
      for (const auto& carrier : nodes) {
        const auto key = model::parse_node_id(carrier);
        if (key && is_path_kind(key->kind) && !needs_carrier(key->kind) && open.contains(carrier)) return true;
      }
    }
    return alone;
  };
  std::erase_if(all, [&](const Path& path) {
    const NodeId id = path.node.id();
    return !open.contains(id) || (needs_carrier(path.node.key.kind) && !carried(id));
  });
  return all;
}

}  // namespace exeunt::graph
