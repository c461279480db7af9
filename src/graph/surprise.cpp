#include "graph/surprise.hpp"

#include <fmt/format.h>

namespace exeunt::graph {

using model::EdgeKind;
using model::NodeId;
using model::NodeKind;

namespace {

/// A key that no account of the subject's own holds: it lets in to an account of others.
bool is_foreign_key(const NodeId& key, const Adjacency& adjacency, const Reach& reach) {
  if (kind_of(key) != NodeKind::key) return false;
  for (const auto& id : reach.held()) {
    if (kind_of(id) != NodeKind::account) continue;
    for (const auto& out : adjacency.from(id))
      if (out.to == key) return false;
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
      append(words, others == 0 ? "a shared secret" : fmt::format("a shared secret, {} others reach it", others));
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
