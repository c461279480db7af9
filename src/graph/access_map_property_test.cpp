// Random maps against a reference that is slow, short and written another way: by rounds over all edges instead of a queue.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "graph/access_map.hpp"
#include "testing/small_maps.hpp"

namespace exeunt::graph {

using model::Action;
using model::EdgeKind;
using model::NodeId;
using model::NodeKind;

namespace {

struct Naive {
  // Where one stands: "own", "secret" (in a shared account by a secret), "key".
  using Places = std::map<std::pair<NodeId, std::string>, std::size_t>;  // -> distance
  std::vector<std::tuple<NodeId, EdgeKind, NodeId>> edges;

  explicit Naive(const AccessMap& map) {
    for (const auto& edge : map.edges()) edges.emplace_back(edge.from, edge.kind, edge.to);
    for (const auto& link : map.links())
      if (link.strength != model::LinkStrength::proposed) edges.emplace_back(subject_node(link.person), EdgeKind::holds, link.account);
  }

  static NodeKind kind(const NodeId& id) { return model::parse_node_id(id).value().kind; }
  static std::string system(const NodeId& id) { return id.text().substr(0, id.text().find('/')); }

  [[nodiscard]] Places from(const NodeId& start) const {
    Places places{{{start, "own"}, 0}};
    for (bool grew = true; grew;) {
      grew = false;
      for (const auto& [a, edge, b] : edges)
        for (const char* stand : {"own", "secret", "key"}) {
          const auto here = places.find({a, stand});
          if (here == places.end() || kind(b) == NodeKind::subject) continue;
          const bool shared = kind(a) == NodeKind::account && std::string(stand) != "own";
          if (shared && (std::string(stand) == "key" || kind(b) != NodeKind::session)) continue;
          const bool opens = !shared && kind(b) == NodeKind::account && (edge == EdgeKind::unlocks || edge == EdgeKind::authenticates);
          const std::string next = !opens ? "own" : kind(a) == NodeKind::secret ? "secret" : "key";
          const auto [there, fresh] = places.emplace(std::pair(b, next), here->second + 1);
          if (!fresh && there->second <= here->second + 1) continue;
          there->second = here->second + 1;
          grew = true;
        }
    }
    return places;
  }
  [[nodiscard]] bool reaches(const NodeId& a, const NodeId& b) const {
    const auto places = from(a);
    return places.contains({b, "own"}) || places.contains({b, "secret"}) || places.contains({b, "key"});
  }
};

std::map<model::SystemId, model::Catalogue> simple_catalogues() {
  model::Catalogue one;
  const auto add = [&](Action action, NodeKind target, std::vector<NodeKind> covers, bool by_rule) {
    model::ActionSpec spec;
    spec.action = action;
    spec.target = target;
    spec.covers = std::move(covers);
    spec.by_rule = by_rule;
    one.actions.push_back(std::move(spec));
  };
  add(Action::disable_account, NodeKind::account, {NodeKind::account}, false);
  add(Action::end_sessions, NodeKind::account, {NodeKind::session, NodeKind::token}, true);
  add(Action::rotate_secret, NodeKind::secret, {NodeKind::secret, NodeKind::session}, true);
  return {{model::SystemId("directory"), one}, {model::SystemId("warehouse"), one}};
}

}  // namespace

TEST_CASE("access map: paths of random maps are those of the reference, with witnesses as short and made of real edges") {
  CHECK(rc::check([](std::uint64_t seed) {
    const AccessMap map = testing::random_map(seed);
    const Naive naive(map);
    const auto places = naive.from(subject_node(map.subject().id));
    std::set<NodeId> expected, found;
    for (const auto& [place, distance] : places)
      if (place.second == "own" && is_path_kind(Naive::kind(place.first))) expected.insert(place.first);
    for (const auto& path : map.paths()) {
      found.insert(path.node.id());
      RC_ASSERT(path.witness.size() == path.witness_edges.size() + 1);
      RC_ASSERT(path.witness.front() == subject_node(map.subject().id));
      RC_ASSERT(path.witness.back() == path.node.id());
      RC_ASSERT(path.witness_edges.size() == places.at({path.node.id(), "own"}));
      for (std::size_t i = 0; i + 1 < path.witness.size(); ++i) {
        const std::tuple hop(path.witness[i], path.witness_edges[i], path.witness[i + 1]);
        RC_ASSERT(std::find(naive.edges.begin(), naive.edges.end(), hop) != naive.edges.end());
      }
    }
    RC_ASSERT(found == expected);
  }));
}

TEST_CASE("access map: bystanders of random maps are those of the reference") {
  CHECK(rc::check([](std::uint64_t seed) {
    const AccessMap map = testing::random_map(seed);
    const Naive naive(map);
    std::set<NodeId> people, everything;
    for (const auto& [a, edge, b] : naive.edges)
      for (const auto& id : {a, b}) {
        everything.insert(id);
        if (Naive::kind(id) == NodeKind::subject) people.insert(id);
      }
    const auto above_all_stands = [&](const NodeId& id) {  // claimed: some person is upstream, however one stands there
      std::set<NodeId> above{id};
      for (bool grew = true; grew;) {
        grew = false;
        for (const auto& [a, edge, b] : naive.edges)
          if (above.contains(b)) grew = above.insert(a).second || grew;
      }
      return std::any_of(people.begin(), people.end(), [&](const NodeId& p) { return above.contains(p); });
    };
    for (const auto& node : everything) {
      if (Naive::kind(node) == NodeKind::subject) continue;
      std::set<NodeId> expected;
      for (const auto& id : everything) {
        if (id == node || id == subject_node(map.subject().id) || !naive.reaches(id, node)) continue;
        if (people.contains(id) || (Naive::kind(id) == NodeKind::account && !above_all_stands(id))) expected.insert(id);
      }
      const auto found = map.bystanders(node);
      RC_ASSERT(std::set<NodeId>(found.begin(), found.end()) == expected);
    }
  }));
}

TEST_CASE("survivors: of random maps they are the live paths that no action covers, and dormant ones are left out") {
  CHECK(rc::check([](std::uint64_t seed) {
    const AccessMap map = testing::random_map(seed);
    const Naive naive(map);
    const auto catalogues = simple_catalogues();
    const std::vector<Action> actions{Action::disable_account, Action::end_sessions, Action::rotate_secret};
    std::set<NodeId> ended;
    std::map<NodeId, std::set<NodeId>> family;
    for (const auto& anchor : map.anchors()) {
      const auto key = model::parse_node_id(anchor).value();
      const auto nodes = map.below(anchor);
      family[anchor] = {nodes.begin(), nodes.end()};
      family[anchor].insert(anchor);
      const bool linked = std::any_of(naive.edges.begin(), naive.edges.end(), [&](const auto& e) {
        return std::get<0>(e) == subject_node(map.subject().id) && std::get<2>(e) == anchor && std::get<1>(e) != EdgeKind::unlocks &&
               std::get<1>(e) != EdgeKind::authenticates;
      });
      if (!catalogues.contains(key.system) || (key.kind == NodeKind::account && !linked)) continue;
      for (const auto& id : family[anchor]) {
        const auto kind = Naive::kind(id);
        const bool at_account =
            key.kind == NodeKind::account && (kind == NodeKind::account || kind == NodeKind::session || kind == NodeKind::token);
        const bool at_secret = key.kind == NodeKind::secret && (kind == NodeKind::secret || kind == NodeKind::session);
        const bool alone =
            key.kind != NodeKind::account && key.kind != NodeKind::secret && (kind == NodeKind::session || kind == NodeKind::token);
        if (at_account || at_secret || alone) ended.insert(id);
      }
    }
    std::set<NodeId> live;
    for (const auto& path : map.paths())
      if (path.node.live && !ended.contains(path.node.id())) live.insert(path.node.id());
    std::set<NodeId> expected;
    for (const auto& id : live) {
      const auto kind = Naive::kind(id);
      bool carried = kind != NodeKind::membership && kind != NodeKind::grant && kind != NodeKind::delegation;
      bool below_any = false;
      for (const auto& [anchor, nodes] : family) {
        if (anchor == id || !nodes.contains(id)) continue;
        below_any = true;
        for (const auto& other : nodes) {
          const auto carrier = Naive::kind(other);
          const bool entry =
              is_path_kind(carrier) && carrier != NodeKind::membership && carrier != NodeKind::grant && carrier != NodeKind::delegation;
          if (entry && live.contains(other)) carried = true;
        }
      }
      if (carried || !below_any) expected.insert(id);
    }
    std::set<NodeId> found;
    for (const auto& path : map.survivors(actions, catalogues)) found.insert(path.node.id());
    RC_ASSERT(found == expected);
  }));
}

TEST_CASE("access map: the order in which things are told changes nothing") {
  CHECK(rc::check([](std::uint64_t seed) {
    const AccessMap map = testing::random_map(seed);
    AccessMap other;
    other.set_subject(map.subject());
    auto edges = map.edges();
    std::reverse(edges.begin(), edges.end());
    auto nodes = map.nodes();
    std::reverse(nodes.begin(), nodes.end());
    auto links = map.links();
    std::reverse(links.begin(), links.end());
    for (const auto& edge : edges) other.add_edge(edge);
    for (const auto& link : links) other.add_link(link);
    for (const auto& node : nodes) other.add_node(node);
    const auto a = map.paths(), b = other.paths();
    RC_ASSERT(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      RC_ASSERT(a[i].node.id() == b[i].node.id());
      RC_ASSERT(a[i].witness == b[i].witness);
      RC_ASSERT(a[i].surprise == b[i].surprise);
    }
    RC_ASSERT(map.anchors() == other.anchors());
  }));
}

}  // namespace exeunt::graph
