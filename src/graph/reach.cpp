#include "graph/reach.hpp"

#include <algorithm>
#include <deque>

namespace exeunt::graph {

using model::EdgeKind;
using model::NodeId;
using model::NodeKind;

NodeKind kind_of(const NodeId& id) {
  const auto key = model::parse_node_id(id);
  return key ? key->kind : NodeKind::resource;
}

std::optional<Stand> stand_after(NodeKind from, Stand stand, EdgeKind kind, NodeKind to) {
  if (to == NodeKind::subject) return std::nullopt;
  if (from == NodeKind::account && stand == Stand::by_key) return std::nullopt;
  if (from == NodeKind::account && stand == Stand::by_secret) return to == NodeKind::session ? std::optional(Stand::holder) : std::nullopt;
  const bool lets_in = kind == EdgeKind::unlocks || kind == EdgeKind::authenticates;
  if (to == NodeKind::account && lets_in) return from == NodeKind::secret ? Stand::by_secret : Stand::by_key;
  return Stand::holder;
}

Adjacency::Adjacency(const std::vector<model::Edge>& edges, const std::vector<Link>& links) {
  for (const auto& edge : edges) out_[edge.from].push_back({edge.to, edge.kind});
  for (const auto& link : links)
    if (link.strength != model::LinkStrength::proposed) out_[subject_node(link.person)].push_back({link.account, EdgeKind::holds});
  for (auto& [from, outs] : out_) {
    std::sort(outs.begin(), outs.end());
    outs.erase(std::unique(outs.begin(), outs.end()), outs.end());
    for (const auto& out : outs) in_[out.to].push_back(from);
  }
}

const std::vector<Adjacency::Out>& Adjacency::from(const NodeId& id) const {
  static const std::vector<Out> none;
  const auto found = out_.find(id);
  return found == out_.end() ? none : found->second;
}

std::set<NodeId> Adjacency::upstream(const NodeId& id) const {
  std::set<NodeId> out{id};
  std::deque<NodeId> queue{id};
  while (!queue.empty()) {
    const auto found = in_.find(queue.front());
    queue.pop_front();
    if (found == in_.end()) continue;
    for (const auto& from : found->second)
      if (out.insert(from).second) queue.push_back(from);
  }
  return out;
}

Reach::Reach(const Adjacency& adjacency, const NodeId& start) : start_(start, Stand::holder) {
  std::deque<Place> queue{start_};
  visits_[start_] = {start_, EdgeKind::holds};
  while (!queue.empty()) {
    const Place place = queue.front();
    queue.pop_front();
    for (const auto& out : adjacency.from(place.first)) {
      const auto stand = stand_after(kind_of(place.first), place.second, out.kind, kind_of(out.to));
      if (!stand || !visits_.emplace(Place{out.to, *stand}, Visit{place, out.kind}).second) continue;
      if (*stand == Stand::holder) held_.push_back(out.to);
      queue.emplace_back(out.to, *stand);
    }
  }
}

bool Reach::reaches(const NodeId& id) const {
  return holds(id) || visits_.contains({id, Stand::by_secret}) || visits_.contains({id, Stand::by_key});
}

Reach::Witness Reach::witness(const NodeId& id) const {
  Witness out;
  Place place{id, Stand::holder};
  if (!visits_.contains(place)) return out;
  while (place != start_) {
    const Visit& visit = visits_.at(place);
    out.nodes.push_back(place.first);
    out.edges.push_back(visit.edge);
    place = visit.parent;
  }
  out.nodes.push_back(start_.first);
  std::reverse(out.nodes.begin(), out.nodes.end());
  std::reverse(out.edges.begin(), out.edges.end());
  return out;
}

}  // namespace exeunt::graph
