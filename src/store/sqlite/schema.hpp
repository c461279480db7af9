// The tables, in versions. A database made by an older binary is brought to the present one at opening, in one transaction.
#pragma once

#include "store/sqlite/connection.hpp"

namespace exeunt::store::sqlite {

inline constexpr int k_schema_version = 2;
/// An entry's rowid is log * 2^40 + its place in that log's tree: entries of one log lie together, in order.
inline constexpr int k_log_shift = 40;
/// Every so many entries of a case have a mark: where they lie.
inline constexpr std::uint64_t k_mark_every = 256;

/// From any older version (0: an empty database) to `to`. unimplemented: the database is newer than this binary; data_loss: it is not ours.
[[nodiscard]] base::Status migrate(Connection& connection, int to = k_schema_version);
[[nodiscard]] base::Result<int> schema_version(Connection& connection);

}  // namespace exeunt::store::sqlite
