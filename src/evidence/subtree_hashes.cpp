#include "evidence/subtree_hashes.hpp"

namespace exeunt::evidence {

SubtreeHashes::SubtreeHashes(std::vector<Hash32> leaves) {
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) {
    const auto& below = levels_.back();
    std::vector<Hash32> level;
    level.reserve(below.size() / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) level.push_back(node_hash(below[i], below[i + 1]));
    levels_.push_back(std::move(level));
  }
}

SubtreeSource SubtreeHashes::source() const {
  return [this](const Subtree& subtree) -> base::Result<Hash32> {
    const auto level = static_cast<std::size_t>(subtree.level);
    if (level >= levels_.size() || subtree.index >= levels_[level].size()) {
      return base::fail(base::Code::invalid_argument,
                        "subtree " + std::to_string(subtree.index) + " at level " + std::to_string(subtree.level) +
                            ": it is not whole in a tree of " + std::to_string(size()) + " entries",
                        "ask for one of this tree");
    }
    return levels_[level][subtree.index];
  };
}

}  // namespace exeunt::evidence
