// Breadth-first search over a map's edges: who stands where, and by which shortest way. Plain on purpose until the map has to be large.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "graph/access_map.hpp"

namespace exeunt::graph {

/// How one stands at a node: as its holder, or in an account of many that a secret or a key lets in to.
enum class Stand { holder = 0, by_secret = 1, by_key = 2 };

/// The stand after walking `kind` from a node of `from` to one of `to`; nullopt: the walk ends there. Of a shared account's own
/// belongings only the sessions count, and only behind a secret: which of them are whose cannot be told.
[[nodiscard]] std::optional<Stand> stand_after(model::NodeKind from, Stand stand, model::EdgeKind kind, model::NodeKind to);

/// Out-edges by node, sorted and each once, so that every search gives the same answer whatever the order of insertion.
class Adjacency {
 public:
  /// Edges, and the links that act as edges `holds` from the person's node.
  Adjacency(const std::vector<model::Edge>& edges, const std::vector<Link>& links);
  struct Out {
    model::NodeId to;
    model::EdgeKind kind;
    auto operator<=>(const Out&) const = default;
  };
  [[nodiscard]] const std::vector<Out>& from(const model::NodeId& id) const;
  /// Every node from which `id` can be reached when stands are not looked at, itself included.
  [[nodiscard]] std::set<model::NodeId> upstream(const model::NodeId& id) const;

 private:
  std::map<model::NodeId, std::vector<Out>> out_;
  std::map<model::NodeId, std::vector<model::NodeId>> in_;
};

/// Everything that is reached from one node.
class Reach {
 public:
  Reach(const Adjacency& adjacency, const model::NodeId& start);
  [[nodiscard]] bool reaches(const model::NodeId& id) const;
  [[nodiscard]] bool holds(const model::NodeId& id) const { return visits_.contains({id, Stand::holder}); }
  /// Nodes held, nearest first; the start is not among them.
  [[nodiscard]] const std::vector<model::NodeId>& held() const { return held_; }
  /// Shortest chain from the start to a node that is held; empty vectors when it is not.
  struct Witness {
    std::vector<model::NodeId> nodes;
    std::vector<model::EdgeKind> edges;
  };
  [[nodiscard]] Witness witness(const model::NodeId& id) const;

 private:
  using Place = std::pair<model::NodeId, Stand>;
  struct Visit {
    Place parent;
    model::EdgeKind edge = model::EdgeKind::holds;
  };
  std::map<Place, Visit> visits_;
  std::vector<model::NodeId> held_;
  Place start_;
};

/// The kind that a node id tells; resource when the text is no node id.
[[nodiscard]] model::NodeKind kind_of(const model::NodeId& id);

}  // namespace exeunt::graph
