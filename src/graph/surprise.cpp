#include "graph/surprise.hpp"

#include <fmt/format.h>

namespace exeunt::graph {

using model::EdgeKind;
using model::NodeId;
using model::NodeKind;

namespace {

/// A key that lets in to an account which is not the subject's own. Where keys are named "<account>:<fingerprint>" the name tells;
/// edges do not: the subject's account is also shown as holder of a key that lies in a shared account.
bool is_foreign_key(const NodeId& id, const Adjacency& adjacency, const Reach& reach) {
  const auto key = model::parse_node_id(id);
  if (!key || key->kind != NodeKind::key) return false;
  const auto colon = key->native_id.find(':');
  if (colon != std::string::npos) return !reach.holds(model::node_id({key->system, NodeKind::account, key->native_id.substr(0, colon)}));
  for (const auto& account : reach.held()) {
    if (kind_of(account) != NodeKind::account) continue;
    for (const auto& out : adjacency.from(account))
      if (out.to == id) return false;
  }
  return true;
}

void append(std::string& words, std::string_view more) {
  if (!words.empty()) words += "; ";
  words += more;
}

}  // namespace

std::string surprise(const Path& path, const Adjacency& adjacency, const Reach& reach, std::size_t others) {
  std::string words;
  const std::size_t last = path.witness.empty() ? 0 : path.witness.size() - 1;
  for (std::size_t i = 1; i <= last; ++i) {
    const NodeKind kind = kind_of(path.witness[i]);
    const bool itself = i == last;
    if (kind == NodeKind::secret && itself)
      append(words, others == 0   ? std::string("a shared secret")
                    : others == 1 ? std::string("a shared secret, one other reaches it")
                                  : fmt::format("a shared secret, {} others reach it", others));
    if (kind == NodeKind::secret && !itself) append(words, "through a shared secret");
    if (kind == NodeKind::account && path.witness_edges[i - 1] == EdgeKind::owns)
      append(words, itself ? "an account that an account of the subject created" : "through an account that the subject created");
    if (is_foreign_key(path.witness[i], adjacency, reach))
      append(words, itself ? "a key in a shared account" : "through a key in a shared account");
  }
  if (path.node.privileged) append(words, "privileged");
  return words;
}

}  // namespace exeunt::graph
