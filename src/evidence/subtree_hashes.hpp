// The hashes of every perfect subtree of one tree, each made once: for many paths of one tree in memory. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "evidence/merkle.hpp"

namespace exeunt::evidence {

class SubtreeHashes {
 public:
  /// Leaf hashes [0, size) of the tree. Keeps about 64 bytes a leaf.
  explicit SubtreeHashes(std::vector<Hash32> leaves);
  [[nodiscard]] std::uint64_t size() const { return levels_.front().size(); }
  /// For merkle's root_of, inclusion_path, consistency_path: at most 64 look-ups a path. This object must outlive it. invalid_argument: a
  /// subtree that does not lie whole within the tree.
  [[nodiscard]] SubtreeSource source() const;

 private:
  std::vector<std::vector<Hash32>> levels_;  // [k][i]: root of the leaves [i * 2^k, (i + 1) * 2^k)
};

}  // namespace exeunt::evidence
