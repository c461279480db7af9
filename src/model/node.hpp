// Nodes and edges as a connector tells them and as the access map holds them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "model/ids.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::model {

struct NodeKey {
  SystemId system;
  NodeKind kind = NodeKind::resource;
  std::string native_id;  // immutable id in the system's own words: entryUUID, role OID, "1007:SHA256:…"
  auto operator<=>(const NodeKey&) const = default;
};
[[nodiscard]] NodeId node_id(const NodeKey& key);  // "<system>/<kind>/<native id>"
[[nodiscard]] base::Result<NodeKey> parse_node_id(const NodeId& id);

/// Facts are for connectors (a DN, a pid, a public key blob), never secrets, and hostile text: escape on the way out.
using Facts = std::map<std::string, std::string>;
/// The facts that mean the same on every system.
namespace facts {
inline constexpr const char* k_drains = "drains";      // "yes": cannot be listed or revoked; ends by itself once nothing issues it
inline constexpr const char* k_until_ms = "until_ms";  // of what drains: when the last one ends if issuing ends at the listing
inline constexpr const char* k_drains_until_ms = "drains_until_ms";  // of what drains: the instant that an earlier look gave
inline constexpr const char* k_undoes_lock = "undoes_lock";  // "yes": whoever holds a session on this account can lift a mere lock of it
inline constexpr const char* k_locked_at_source =
    "locked_at_source";  // "yes": only a lock on another system shuts this account, while that one stands
}  // namespace facts

struct Node {
  NodeKey key;
  std::string label;  // what a person recognises; hostile
  Facts facts;
  bool privileged = false;  // administrator, root-equivalent, may create logins
  bool live = true;         // false: already disabled, expired, locked before we came
  [[nodiscard]] NodeId id() const { return node_id(key); }
  [[nodiscard]] bool says(const char* fact) const;  // the fact is there and "yes"
};
/// A fact that holds milliseconds (an instant's since 1970, or a length); nullopt: absent, negative or no number.
[[nodiscard]] std::optional<std::int64_t> ms_fact(const Node& node, const std::string& name);

struct Edge {
  NodeId from;
  NodeId to;
  EdgeKind kind = EdgeKind::holds;
  std::string source;               // where this was read: "cn=Monitor", "policy secrets table"
  std::optional<base::Time> since;  // for knows: since when
};

/// What one listing of one kind on one account (or on the whole system: account empty) is worth.
struct Listing {
  SystemId system;
  NodeKind kind = NodeKind::account;
  std::string account;  // native id of the account; empty: the whole system
  Completeness completeness = Completeness::none;
  std::string reason;  // why not full; empty when full
  std::size_t count = 0;
};

/// Something that a connector says it cannot list, end or probe.
struct Gap {
  SystemId system;
  NodeKind kind = NodeKind::resource;
  std::string words;  // what is not seen and the manual step that fills it
};

struct Inventory {
  SystemId system;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  std::vector<Listing> listings;
  std::vector<Gap> gaps;
};

}  // namespace exeunt::model
