#include "graph/access_map.hpp"

#include <algorithm>

#include "graph/reach.hpp"
#include "graph/surprise.hpp"

namespace exeunt::graph {

using model::Node;
using model::NodeId;
using model::NodeKind;

NodeId subject_node(const model::PersonId& person) { return model::node_id({model::SystemId("hr"), NodeKind::subject, person.text()}); }

bool is_path_kind(NodeKind kind) {
  switch (kind) {
    case NodeKind::account:
    case NodeKind::session:
    case NodeKind::token:
    case NodeKind::key:
    case NodeKind::certificate:
    case NodeKind::membership:
    case NodeKind::grant:
    case NodeKind::delegation:
    case NodeKind::secret:
    case NodeKind::workload:
    case NodeKind::device: return true;
    case NodeKind::subject:
    case NodeKind::role:
    case NodeKind::automation:
    case NodeKind::licence:
    case NodeKind::resource:
    case NodeKind::group: return false;
  }
  return false;
}

void AccessMap::set_subject(model::Person subject) { subject_ = std::move(subject); }

void AccessMap::add(const model::Inventory& inventory) {
  for (const auto& node : inventory.nodes) add_node(node);
  for (const auto& edge : inventory.edges) add_edge(edge);
  for (const auto& listing : inventory.listings) add_listing(listing);
  for (const auto& gap : inventory.gaps) add_gap(gap);
}

void AccessMap::add_node(Node node) {
  const NodeId id = node.id();
  const auto found = nodes_.find(id);
  if (found == nodes_.end()) {
    nodes_.emplace(id, std::move(node));
    return;
  }
  Node& known = found->second;
  for (auto& [key, value] : node.facts) known.facts[key] = std::move(value);
  if (!node.label.empty()) known.label = std::move(node.label);
  known.privileged = known.privileged || node.privileged;  // one source that says so is enough
  known.live = node.live;
}

void AccessMap::add_edge(model::Edge edge) {
  if (known_edges_.emplace(edge.from, edge.to, edge.kind).second) edges_.push_back(std::move(edge));
}

void AccessMap::add_link(Link link) {
  const auto rank = [](model::LinkStrength strength) {
    return strength == model::LinkStrength::strong ? 2 : strength == model::LinkStrength::confirmed ? 1 : 0;
  };
  for (auto& known : links_) {
    if (known.person != link.person || known.account != link.account) continue;
    if (rank(link.strength) > rank(known.strength)) known = std::move(link);
    return;
  }
  links_.push_back(std::move(link));
}

void AccessMap::add_gap(model::Gap gap) {
  for (const auto& known : gaps_)
    if (known.system == gap.system && known.kind == gap.kind && known.words == gap.words) return;
  gaps_.push_back(std::move(gap));
}

void AccessMap::add_listing(model::Listing listing) {
  for (auto& known : listings_) {
    if (known.system != listing.system || known.kind != listing.kind || known.account != listing.account) continue;
    known = std::move(listing);  // the newer listing is what counts
    return;
  }
  listings_.push_back(std::move(listing));
}

const Node* AccessMap::find(const NodeId& id) const {
  const auto found = nodes_.find(id);
  return found == nodes_.end() ? nullptr : &found->second;
}

std::vector<Node> AccessMap::nodes() const {
  std::vector<Node> out;
  out.reserve(nodes_.size());
  for (const auto& [id, node] : nodes_) out.push_back(node);
  return out;
}

std::vector<Path> AccessMap::paths() const {
  const Adjacency adjacency(edges_, links_);
  const Reach reach(adjacency, subject_node(subject_.id));
  std::vector<Path> out;
  for (const auto& id : reach.held()) {
    const auto key = model::parse_node_id(id);
    if (!key || !is_path_kind(key->kind)) continue;
    Path path;
    // Something that an edge or a link names and no listing showed is still a way in.
    if (const Node* node = find(id)) path.node = *node;
    path.node.key = *key;
    auto witness = reach.witness(id);
    path.witness = std::move(witness.nodes);
    path.witness_edges = std::move(witness.edges);
    path.surprise = surprise(path, adjacency, reach, key->kind == NodeKind::secret ? bystanders(id).size() : 0);
    out.push_back(std::move(path));
  }
  std::sort(out.begin(), out.end(), [](const Path& a, const Path& b) { return a.node.key < b.node.key; });
  return out;
}

std::vector<NodeId> AccessMap::below(const NodeId& anchor) const {
  const auto system = [](const NodeId& id) { return model::parse_node_id(id).value_or(model::NodeKey{}).system; };
  const Adjacency adjacency(edges_, links_);
  std::set<std::pair<NodeId, Stand>> seen{{anchor, Stand::holder}};
  std::vector<std::pair<NodeId, Stand>> queue{{anchor, Stand::holder}};
  std::set<NodeId> out;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const auto [id, stand] = queue[i];
    for (const auto& edge : adjacency.from(id)) {
      const NodeKind kind = kind_of(edge.to);
      const auto next = stand_after(kind_of(id), stand, edge.kind, kind);
      if (!next || system(edge.to) != system(anchor) || edge.to == anchor || kind == NodeKind::secret) continue;
      if (kind == NodeKind::account && *next != Stand::by_secret) continue;
      if (!seen.emplace(edge.to, *next).second) continue;
      queue.emplace_back(edge.to, *next);
      if (kind != NodeKind::account) out.insert(edge.to);
    }
  }
  return {out.begin(), out.end()};
}

std::vector<NodeId> AccessMap::anchors() const {
  const Adjacency adjacency(edges_, links_);
  const Reach reach(adjacency, subject_node(subject_.id));
  std::set<NodeId> out, covered;
  const auto take = [&](const NodeId& id) {
    out.insert(id);
    const auto nodes = below(id);
    covered.insert(nodes.begin(), nodes.end());
  };
  for (const auto& id : reach.held())
    if (const NodeKind kind = kind_of(id); kind == NodeKind::account || kind == NodeKind::secret) take(id);
  // Nearest first: what hangs below a key that stands alone belongs to that key.
  for (const auto& id : reach.held())
    if (is_path_kind(kind_of(id)) && !out.contains(id) && !covered.contains(id)) take(id);
  return {out.begin(), out.end()};
}

std::vector<NodeId> AccessMap::bystanders(const NodeId& node) const {
  const Adjacency adjacency(edges_, links_);
  const NodeId self = subject_node(subject_.id);
  std::set<NodeId> out;
  for (const auto& id : adjacency.upstream(node)) {
    if (id == node || id == self) continue;
    const NodeKind kind = kind_of(id);
    if (kind != NodeKind::subject && kind != NodeKind::account) continue;
    if (!Reach(adjacency, id).reaches(node)) continue;
    if (kind == NodeKind::account) {
      const auto above = adjacency.upstream(id);
      if (std::any_of(above.begin(), above.end(), [](const NodeId& up) { return kind_of(up) == NodeKind::subject; })) continue;
    }
    out.insert(id);
  }
  return {out.begin(), out.end()};
}

}  // namespace exeunt::graph
