// The Merkle tree as a store keeps it: tiles of 256 hashes (c2sp.org/tlog-tiles) and what is not yet a whole tile. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "evidence/merkle.hpp"

namespace exeunt::store {

inline constexpr std::uint64_t k_tile_width = 256;

struct Tile {
  int level = 0;
  std::uint64_t number = 0;
  base::Hash32 root{};               // of its 256 hashes: the hash that stands for it one level up
  std::vector<base::Hash32> hashes;  // 256
};

class TileTree {
 public:
  /// Where a stored tree is read from.
  struct Source {
    std::function<base::Result<std::vector<base::Hash32>>(std::uint64_t from, std::uint64_t to)> leaves;
    std::function<base::Result<std::vector<base::Hash32>>(int level, std::uint64_t from, std::uint64_t to)> tile_roots;  // of whole tiles
  };
  /// The tree of the first `size` leaves; at most 255 hashes a level are read.
  [[nodiscard]] static base::Result<TileTree> restore(std::uint64_t size, const Source& source);

  /// Each tile that this leaf completes is handed to `full`, lowest level first.
  void append(const base::Hash32& leaf, const std::function<void(Tile)>& full);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] evidence::Frontier frontier() const;

 private:
  struct Level {
    evidence::Frontier frontier;       // of `hashes`: no node is hashed twice
    std::vector<base::Hash32> hashes;  // of the tile that is being filled
    std::uint64_t number = 0;          // of that tile
  };
  std::uint64_t size_ = 0;
  std::vector<Level> levels_;
};

}  // namespace exeunt::store
