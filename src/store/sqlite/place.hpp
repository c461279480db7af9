// Where a database lies, and what is kept about it outside: how a restored, copied or doubled store is told from the real one.
#pragma once

#include <filesystem>
#include <optional>

#include "store/open.hpp"
#include "store/sqlite/connection.hpp"

namespace exeunt::store::sqlite {

/// Machine, file system and inode, as one text.
[[nodiscard]] base::Result<std::string> place_of(const std::filesystem::path& database);

/// What the last process that opened or closed the store knew, beside the checkpoint copy ("<copy>.head"). A store may be ahead of it
/// (a crash between the two), never behind: that is a backup.
struct Marker {
  std::string origin;
  std::int64_t epoch = 0;  // grows at every opening and closing
  TreeHead head;
};
[[nodiscard]] base::Status write_marker(const std::filesystem::path& checkpoint_copy, const Marker& marker);
[[nodiscard]] base::Result<std::optional<Marker>> read_marker(const std::filesystem::path& checkpoint_copy);

struct LogRow {
  std::int64_t tenant = 0;
  std::int64_t log = 0;
  std::string origin;
  std::uint64_t signed_size = 0;
  base::Hash32 signed_root{};
  std::string signed_note;  // empty: none yet
  std::int64_t signed_count = 0;
};
[[nodiscard]] base::Result<LogRow> read_log(Connection& connection, const model::TenantId& tenant);

[[nodiscard]] base::Result<std::string> read_meta(Connection& connection, std::string_view key);
[[nodiscard]] base::Status write_meta(Connection& connection, std::string_view key, std::string_view value);

/// ok: this store is the newest there is and lies where it was made. data_loss or failed_precondition otherwise, in words.
[[nodiscard]] base::Status check_genuine(Connection& connection, const OpenOptions& options, const LogRow& log);

}  // namespace exeunt::store::sqlite
