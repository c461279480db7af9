// A whole log as files (c2sp.org/tlog-tiles): where each tile and entry bundle stands, their bytes, paths made from tiles, and a tree rebuilt
// from its entries. Pure: files are read and written by whoever calls.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "evidence/merkle.hpp"

namespace exeunt::evidence {

inline constexpr int k_tile_hashes = 256;
inline constexpr std::size_t k_entry_bytes_max = 65'535;

/// Hash i of tile `number` at `level` is the root of the 256^level entries from (number * 256 + i) * 256^level on.
struct TilePlace {
  int level = 0;  // 0 to 63; a tree whose size fits 64 bits has none above 7
  std::uint64_t number = 0;
  int width = k_tile_hashes;  // 1 to 255: a partial tile, the last of its level
  auto operator<=>(const TilePlace&) const = default;
};
struct BundlePlace {
  std::uint64_t number = 0;
  int width = k_tile_hashes;  // entries in it
  auto operator<=>(const BundlePlace&) const = default;
};

/// "tile/0/x001/x234/067", "tile/0/000.p/7"; "tile/entries/000.p/7". A level or width out of bounds is a fault of the caller.
[[nodiscard]] std::string tile_path(const TilePlace& place);
[[nodiscard]] std::string bundle_path(const BundlePlace& place);
/// invalid_argument: not exactly what these two write.
[[nodiscard]] base::Result<std::variant<TilePlace, BundlePlace>> read_tile_path(std::string_view path);

/// Where the tiles and bundles of a tree of `size` are: all but the last of a level are full. No tile is empty.
[[nodiscard]] std::uint64_t tile_count(int level, std::uint64_t size);  // 0: the tree has no such level
[[nodiscard]] TilePlace tile_of(int level, std::uint64_t number, std::uint64_t size);
[[nodiscard]] BundlePlace bundle_of(std::uint64_t number, std::uint64_t size);

/// 32 bytes a hash, 1 to 256 of them.
[[nodiscard]] std::string tile_bytes(std::span<const Hash32> hashes);
/// data_loss: not exactly `width` hashes.
[[nodiscard]] base::Result<std::vector<Hash32>> read_tile(std::string_view bytes, int width);
/// (u16 big-endian length || entry)*, 1 to 256 of them. resource_exhausted: an entry longer than 65,535 bytes.
[[nodiscard]] base::Result<std::string> bundle_bytes(std::span<const std::string> entries);
/// The entries as parts of `bytes`. data_loss: not exactly `width` entries, or something left over.
[[nodiscard]] base::Result<std::vector<std::string_view>> read_bundle(std::string_view bytes, int width);

/// The bytes of one tile or bundle; its error (not_found, say) ends what asked.
using TileReader = std::function<base::Result<std::string>(const TilePlace&)>;
using BundleReader = std::function<base::Result<std::string>(const BundlePlace&)>;

/// Hashes of the tree of `size` from its tiles. They are what the tiles say: a path made from outside tiles says something once it is
/// verified against a signed root. Keeps at most 64 tiles (512 KiB). One thread.
class TileHashes {
 public:
  TileHashes(std::uint64_t size, TileReader reader) : size_(size), reader_(std::move(reader)) {}
  [[nodiscard]] base::Result<Hash32> hash(const Subtree& subtree);
  /// For merkle's root_of, inclusion_path, consistency_path; this object must outlive it.
  [[nodiscard]] SubtreeSource source();

 private:
  std::uint64_t size_;
  TileReader reader_;
  std::map<TilePlace, std::vector<Hash32>> kept_;
};

/// Every tile of the tree of these leaves, lowest level first. The span is valid during the call.
void each_tile(std::span<const Hash32> leaves, const std::function<void(const TilePlace&, std::span<const Hash32>)>& take);

/// Reads every bundle of a tree, hands each entry with its index to `take` (may be empty), and gives the leaf hashes, when their root is `root`.
/// data_loss: it is not, or a bundle is not one. 32 bytes of memory an entry.
[[nodiscard]] base::Result<std::vector<Hash32>> rebuild_tree(std::uint64_t size, const Hash32& root, const BundleReader& reader,
                                                             const std::function<void(std::uint64_t, std::string_view)>& take = {});

}  // namespace exeunt::evidence
