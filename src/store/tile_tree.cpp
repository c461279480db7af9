#include "store/tile_tree.hpp"

#include "base/check.hpp"

namespace exeunt::store {

base::Result<TileTree> TileTree::restore(std::uint64_t size, const Source& source) {
  TileTree tree;
  tree.size_ = size;
  // Level L holds the hashes of size / 256^L perfect subtrees; all but the last size % 256 of them lie in whole tiles.
  std::uint64_t count = size;
  for (int level = 0; count > 0; ++level, count /= k_tile_width) {
    const std::uint64_t begin = count - count % k_tile_width;
    Level& filled = tree.levels_.emplace_back();
    filled.number = count / k_tile_width;
    EXEUNT_TRY_ASSIGN(filled.hashes, level == 0 ? source.leaves(begin, count) : source.tile_roots(level - 1, begin, count));
    if (filled.hashes.size() != count - begin) {
      return base::fail(base::Code::data_loss,
                        "tree: hashes " + std::to_string(begin) + " to " + std::to_string(count) + " of level " + std::to_string(level) +
                            " are not all there",
                        "run `exeunt doctor`");
    }
    for (const base::Hash32& hash : filled.hashes) filled.frontier.append(hash);
  }
  return tree;
}

void TileTree::append(const base::Hash32& leaf, const std::function<void(Tile)>& full) {
  base::Hash32 carried = leaf;
  ++size_;
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    Level& filled = levels_[level];
    filled.hashes.push_back(carried);
    filled.frontier.append(carried);
    if (filled.hashes.size() < k_tile_width) return;
    carried = filled.frontier.root();
    full(Tile{static_cast<int>(level), filled.number, carried, std::move(filled.hashes)});
    ++filled.number;
    filled.frontier = {};
    filled.hashes.clear();
    filled.hashes.reserve(k_tile_width);
  }
}

evidence::Frontier TileTree::frontier() const {
  std::vector<base::Hash32> roots;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    roots.insert(roots.end(), level->frontier.roots().begin(), level->frontier.roots().end());
  }
  auto whole = evidence::Frontier::restore(size_, std::move(roots));
  EXEUNT_CHECK(whole.has_value());
  return std::move(*whole);
}

}  // namespace exeunt::store
