// The SQLite C API with values: connections, cached statements, errors in words. Only the SQLite driver includes this.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace exeunt::store::sqlite {

enum class OpenMode { create, write, read };

/// One connection; used by one thread at a time.
class Connection {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<Connection>> open(const std::filesystem::path& path, OpenMode mode);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();
  /// One or more statements without parameters or rows.
  [[nodiscard]] base::Status run(const char* sql);
  /// What went wrong in the last call, in an operator's words: resource_exhausted (disk full), data_loss (corrupt, not a database),
  /// permission_denied, unavailable (busy), outcome_unknown (the disk failed).
  [[nodiscard]] base::Error error(int code) const;
  [[nodiscard]] sqlite3* handle() { return handle_; }
  [[nodiscard]] sqlite3_stmt* prepared(const char* sql, int& code);  // `sql` is a constant: its address is the cache's key

 private:
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_;
  std::string path_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

/// One use of a cached statement: bind in the order of its parameters, then `step` for rows or `finish` for none. Reset when it goes.
/// What is bound must outlive it.
class Query {
 public:
  Query(Connection& connection, const char* sql) : connection_(connection), statement_(connection.prepared(sql, code_)) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();
  Query& integer(std::int64_t value);
  Query& real(double value);
  Query& text(std::string_view value);
  Query& blob(std::span<const std::uint8_t> value);
  Query& null();
  [[nodiscard]] base::Result<bool> step();  // true: there is a row
  [[nodiscard]] base::Status finish();

  [[nodiscard]] std::int64_t integer_at(int column) { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] double real_at(int column) { return sqlite3_column_double(statement_, column); }
  [[nodiscard]] std::string_view text_at(int column);  // valid until the next step
  [[nodiscard]] std::span<const std::uint8_t> blob_at(int column);
  [[nodiscard]] base::Bytes bytes_at(int column);
  [[nodiscard]] base::Result<base::Hash32> hash_at(int column);
  [[nodiscard]] bool is_null(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  void note(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }
  Connection& connection_;
  int code_ = SQLITE_OK;
  sqlite3_stmt* statement_;
  int parameter_ = 0;
};

}  // namespace exeunt::store::sqlite
