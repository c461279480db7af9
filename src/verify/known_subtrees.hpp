// What verified inclusion proofs tell of a tree besides their own entries: hashes of its perfect subtrees. With the right ones the root of an older tree
// follows, and with it whether the newer one contains it. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "evidence/merkle.hpp"

namespace exeunt::verify {

class KnownSubtrees {
 public:
  /// A path that was verified: leads from this leaf to the root of the tree of `size`.
  void learn(std::uint64_t index, std::uint64_t size, const evidence::Hash32& leaf, std::span<const evidence::Hash32> path);
  /// For evidence::root_of. not_found: no proof told it. This object must outlive it.
  [[nodiscard]] evidence::SubtreeSource source() const;

 private:
  [[nodiscard]] base::Result<evidence::Hash32> hash(int level, std::uint64_t index) const;
  std::map<std::pair<int, std::uint64_t>, evidence::Hash32> known_;  // (level, index)
};

}  // namespace exeunt::verify
