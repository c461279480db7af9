// The tree as rows: where a TileTree is read from, and the root at any size.
#pragma once

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"
#include "store/tile_tree.hpp"

namespace exeunt::store::sqlite {

/// `connection` is borrowed by what is returned.
[[nodiscard]] TileTree::Source tree_source(Connection& connection, std::int64_t log);
/// Root of the first `size` entries; data_loss when they are not all there.
[[nodiscard]] base::Result<base::Hash32> root_at(Connection& connection, std::int64_t log, std::uint64_t size);
/// The tree as it stands, checked against the frontier row.
[[nodiscard]] base::Result<TileTree> load_tree(Connection& connection, std::int64_t log);
[[nodiscard]] base::Result<TreeHead> read_head(Connection& connection, std::int64_t log);
[[nodiscard]] base::Status write_tile(Connection& connection, std::int64_t tenant, std::int64_t log, const Tile& tile);
[[nodiscard]] base::Status write_frontier(Connection& connection, std::int64_t tenant, std::int64_t log,
                                          const evidence::Frontier& frontier);
[[nodiscard]] base::Result<std::vector<base::Hash32>> read_leaf_hashes(Connection& connection, std::int64_t log, std::uint64_t from,
                                                                       std::uint64_t to);

}  // namespace exeunt::store::sqlite
