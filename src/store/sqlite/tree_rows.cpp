#include "store/sqlite/tree_rows.hpp"

#include "store/sqlite/schema.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Hash32;
using base::Result;
using base::Status;

constexpr const char* k_leaf_hashes = "SELECT leaf_hash FROM entry WHERE position>=? AND position<? ORDER BY position";
constexpr const char* k_tile_roots = "SELECT root FROM tile WHERE log=? AND level=? AND number>=? AND number<? ORDER BY number";
constexpr const char* k_tile_write = "INSERT INTO tile(log,level,number,tenant,root,hashes) VALUES(?,?,?,?,?,?)";
constexpr const char* k_frontier_read = "SELECT size,roots FROM frontier WHERE log=?";
constexpr const char* k_frontier_write =
    "INSERT INTO frontier(log,tenant,size,roots) VALUES(?,?,?,?) ON CONFLICT(log) DO UPDATE SET size=excluded.size,roots=excluded.roots";

base::Bytes joined(const std::vector<Hash32>& hashes) {
  base::Bytes out;
  out.reserve(hashes.size() * 32);
  for (const Hash32& hash : hashes) out.insert(out.end(), hash.begin(), hash.end());
  return out;
}

Result<std::vector<Hash32>> collect(Query& query) {
  std::vector<Hash32> out;
  while (true) {
    EXEUNT_TRY_ASSIGN(const bool row, query.step());
    if (!row) return out;
    EXEUNT_TRY_ASSIGN(const Hash32 hash, query.hash_at(0));
    out.push_back(hash);
  }
}

Result<evidence::Frontier> read_frontier(Connection& connection, std::int64_t log) {
  Query query(connection, k_frontier_read);
  EXEUNT_TRY_ASSIGN(const bool row, query.integer(log).step());
  if (!row) return evidence::Frontier{};
  const auto bytes = query.blob_at(1);
  std::vector<Hash32> roots(bytes.size() / 32);
  for (std::size_t i = 0; i < roots.size(); ++i) std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(32 * i), 32, roots[i].begin());
  return evidence::Frontier::restore(static_cast<std::uint64_t>(query.integer_at(0)), std::move(roots));
}

}  // namespace

Result<std::vector<Hash32>> read_leaf_hashes(Connection& connection, std::int64_t log, std::uint64_t from, std::uint64_t to) {
  Query query(connection, k_leaf_hashes);
  const std::int64_t first = log << k_log_shift;
  query.integer(first + static_cast<std::int64_t>(from)).integer(first + static_cast<std::int64_t>(to));
  return collect(query);
}

TileTree::Source tree_source(Connection& connection, std::int64_t log) {
  return {[&connection, log](std::uint64_t from, std::uint64_t to) { return read_leaf_hashes(connection, log, from, to); },
          [&connection, log](int level, std::uint64_t from, std::uint64_t to) {
            Query query(connection, k_tile_roots);
            query.integer(log).integer(level).integer(static_cast<std::int64_t>(from)).integer(static_cast<std::int64_t>(to));
            return collect(query);
          }};
}

Result<Hash32> root_at(Connection& connection, std::int64_t log, std::uint64_t size) {
  EXEUNT_TRY_ASSIGN(const TileTree tree, TileTree::restore(size, tree_source(connection, log)));
  return tree.frontier().root();
}

Result<TileTree> load_tree(Connection& connection, std::int64_t log) {
  EXEUNT_TRY_ASSIGN(const evidence::Frontier stored, read_frontier(connection, log));
  EXEUNT_TRY_ASSIGN(TileTree tree, TileTree::restore(stored.size(), tree_source(connection, log)));
  if (tree.frontier().roots() != stored.roots()) {
    return base::fail(base::Code::data_loss, "tree: its tiles do not give the stored frontier", "run `exeunt doctor`, restore a backup");
  }
  return tree;
}

Result<TreeHead> read_head(Connection& connection, std::int64_t log) {
  EXEUNT_TRY_ASSIGN(const evidence::Frontier stored, read_frontier(connection, log));
  return TreeHead{stored.size(), stored.root()};
}

Status write_tile(Connection& connection, std::int64_t tenant, std::int64_t log, const Tile& tile) {
  const base::Bytes hashes = joined(tile.hashes);
  Query query(connection, k_tile_write);
  query.integer(log).integer(tile.level).integer(static_cast<std::int64_t>(tile.number)).integer(tenant).blob(tile.root).blob(hashes);
  return query.finish();
}

Status write_frontier(Connection& connection, std::int64_t tenant, std::int64_t log, const evidence::Frontier& frontier) {
  const base::Bytes roots = joined(frontier.roots());
  Query query(connection, k_frontier_write);
  query.integer(log).integer(tenant).integer(static_cast<std::int64_t>(frontier.size())).blob(roots);
  return query.finish();
}

}  // namespace exeunt::store::sqlite
