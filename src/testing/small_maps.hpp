// Maps for tests: a short way to write one down, and random ones from a seed that the failing test prints.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "graph/access_map.hpp"

namespace exeunt::testing {

inline model::Person person(std::string id, std::string name = "", std::string email = "", std::string manager = "") {
  return {model::PersonId(std::move(id)), std::move(name), std::move(email), model::PersonId(std::move(manager)), "", "active"};
}

/// "warehouse/account/16384" -> node; the label is the native id unless given.
inline model::Node node(const std::string& id, std::string label = "") {
  model::Node out;
  out.key = model::parse_node_id(model::NodeId(id)).value();
  out.label = label.empty() ? out.key.native_id : std::move(label);
  return out;
}

inline model::Edge edge(const std::string& from, const std::string& to, model::EdgeKind kind = model::EdgeKind::holds) {
  return {model::NodeId(from), model::NodeId(to), kind, "test", std::nullopt};
}

/// Small deterministic generator: tests name their seed and need no library for it.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint64_t below(std::uint64_t bound) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % bound;
  }
  bool one_in(std::uint64_t chances) { return below(chances) == 0; }

 private:
  std::uint64_t state_;
};

/// Up to three systems, three people, thirty nodes of every kind, edges anywhere, some ends not listed: nonsense that must not confuse.
inline graph::AccessMap random_map(std::uint64_t seed) {
  Dice dice(seed);
  graph::AccessMap map;
  map.set_subject(person("E1", "Ada", "ada@example.org", "E9"));
  const auto kinds = model::all<model::NodeKind>();
  const auto edge_kinds = model::all<model::EdgeKind>();
  const std::vector<std::string> systems{"directory", "warehouse", "bastion"};
  std::vector<model::NodeId> ids;
  const std::uint64_t count = 2 + dice.below(30);
  for (std::uint64_t i = 0; i < count; ++i) {
    model::Node one;
    auto kind = dice.one_in(3) ? model::NodeKind::account : kinds[dice.below(kinds.size())];
    if (kind == model::NodeKind::subject) kind = model::NodeKind::session;
    one.key = {model::SystemId(systems[dice.below(systems.size())]), kind, std::to_string(i)};
    one.label = "node " + std::to_string(i);
    one.live = !dice.one_in(8);
    one.privileged = dice.one_in(8);
    ids.push_back(one.id());
    if (!dice.one_in(12)) map.add_node(one);
  }
  const auto people = std::vector<std::string>{"E1", "E2", "E3"};
  const auto any = [&] {
    return dice.one_in(6) ? graph::subject_node(model::PersonId(people[dice.below(3)])) : ids[dice.below(ids.size())];
  };
  const std::uint64_t edges = dice.below(3 * count);
  for (std::uint64_t i = 0; i < edges; ++i) map.add_edge({any(), any(), edge_kinds[dice.below(edge_kinds.size())], "dice", std::nullopt});
  for (std::uint64_t i = 0; i < 1 + count / 4; ++i) {
    const auto strength = dice.one_in(4) ? model::LinkStrength::proposed : model::LinkStrength::strong;
    map.add_link({model::PersonId(people[dice.below(3)]), ids[dice.below(ids.size())], strength, "dice"});
  }
  return map;
}

}  // namespace exeunt::testing
