#include "verify/known_subtrees.hpp"

#include <bit>
#include <vector>

namespace exeunt::verify {

using evidence::Hash32;

void KnownSubtrees::learn(std::uint64_t index, std::uint64_t size, const Hash32& leaf, std::span<const Hash32> path) {
  known_[{0, index}] = leaf;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  // From the root downwards: the path's last hash is the largest sibling.
  for (std::size_t left = path.size(); left > 0 && end - begin > 1; --left) {
    const std::uint64_t middle = begin + std::bit_floor(end - begin - 1);
    const bool right = index >= middle;
    const std::uint64_t sibling = right ? begin : middle;
    const std::uint64_t count = right ? middle - begin : end - middle;
    // A sibling at the right edge of the tree may be no perfect subtree.
    if (std::has_single_bit(count)) {
      const int level = std::countr_zero(count);
      known_[{level, sibling >> level}] = path[left - 1];
    }
    (right ? begin : end) = middle;
  }
}

base::Result<Hash32> KnownSubtrees::hash(int level, std::uint64_t index) const {
  if (const auto found = known_.find({level, index}); found != known_.end()) return found->second;
  if (level == 0) return base::fail(base::Code::not_found, "no proof tells the hash of entry " + std::to_string(index), "");
  EXEUNT_TRY_ASSIGN(const Hash32 left, hash(level - 1, 2 * index));
  EXEUNT_TRY_ASSIGN(const Hash32 right, hash(level - 1, 2 * index + 1));
  return evidence::node_hash(left, right);
}

evidence::SubtreeSource KnownSubtrees::source() const {
  return [this](const evidence::Subtree& subtree) { return hash(subtree.level, subtree.index); };
}

}  // namespace exeunt::verify
