#include "store/sqlite/connection.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Code;

constexpr int k_busy_timeout_ms = 5'000;  // a reader that opens while the log is being recovered

// Said to every connection. FULL: a commit is on the disk when it returns. What is deleted is overwritten (sealed values, names).
constexpr const char* k_settings =
    "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-65536;"
    "PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;";

base::Error words(int code, const std::string& path, const std::string& detail) {
  const std::string subject = "store " + path + ": ";
  switch (code & 0xFF) {
    case SQLITE_FULL: return {Code::resource_exhausted, subject + "the disk is full; nothing was written", "make room, then repeat"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Code::data_loss, subject + "the database is corrupt (" + detail + ")",
              "keep the file, restore a backup, then `exeunt log succeed`; nothing is changed until then"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Code::permission_denied, subject + "it cannot be written (" + detail + ")",
              "check owner and mode of the file and its folder"};
    case SQLITE_CANTOPEN: return {Code::unavailable, subject + "it cannot be opened (" + detail + ")", "check the path, owner and mode"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::unavailable, subject + "another program holds the database (" + detail + ")", "stop whatever opened it, then repeat"};
    case SQLITE_IOERR:
      return {Code::outcome_unknown, subject + "the disk failed (" + detail + ")",
              "check the disk; then restart, which reads what is really there"};
    case SQLITE_CONSTRAINT: return {Code::aborted, subject + "another writer was first (" + detail + ")", "read again, then repeat"};
    case SQLITE_TOOBIG: return {Code::resource_exhausted, subject + "a value is too large (" + detail + ")", "shorten it"};
    case SQLITE_NOMEM: return {Code::resource_exhausted, subject + "out of memory", "give the process more memory"};
    default: return {Code::internal, subject + detail, "report this"};
  }
}

}  // namespace

base::Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& path, OpenMode mode) {
  // Readers also open read-write: the shared-memory file of the WAL may have to be made. `query_only` keeps them from writing.
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (mode == OpenMode::create ? SQLITE_OPEN_CREATE : 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (code != SQLITE_OK) {
    auto wrong = words(code, path.string(), handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle));
    sqlite3_close(handle);
    return base::fail(std::move(wrong));
  }
  auto connection = std::unique_ptr<Connection>(new Connection(handle, path.string()));
  sqlite3_busy_timeout(handle, k_busy_timeout_ms);
  EXEUNT_TRY(connection->run(k_settings));
  if (mode == OpenMode::read) EXEUNT_TRY(connection->run("PRAGMA query_only=ON;"));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

base::Status Connection::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return base::fail(error(code));
  return {};
}

base::Error Connection::error(int code) const { return words(code, path_, sqlite3_errmsg(handle_)); }

sqlite3_stmt* Connection::prepared(const char* sql, int& code) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  sqlite3_stmt* statement = nullptr;
  code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code == SQLITE_OK) statements_.emplace(sql, statement);
  return statement;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
}

Query& Query::integer(std::int64_t value) {
  note(sqlite3_bind_int64(statement_, ++parameter_, value));
  return *this;
}

Query& Query::real(double value) {
  note(sqlite3_bind_double(statement_, ++parameter_, value));
  return *this;
}

Query& Query::text(std::string_view value) {
  // A null pointer would bind NULL instead of the empty text.
  note(
      sqlite3_bind_text64(statement_, ++parameter_, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Query& Query::blob(std::span<const std::uint8_t> value) {
  note(value.empty() ? sqlite3_bind_zeroblob(statement_, ++parameter_, 0)
                     : sqlite3_bind_blob64(statement_, ++parameter_, value.data(), value.size(), SQLITE_STATIC));
  return *this;
}

Query& Query::null() {
  note(sqlite3_bind_null(statement_, ++parameter_));
  return *this;
}

base::Result<bool> Query::step() {
  if (code_ == SQLITE_OK) code_ = sqlite3_step(statement_);
  const int code = code_;
  code_ = SQLITE_OK;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return base::fail(connection_.error(code));
}

base::Status Query::finish() {
  EXEUNT_TRY(step());
  return {};
}

std::string_view Query::text_at(int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? std::string_view{} : std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::span<const std::uint8_t> Query::blob_at(int column) {
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

base::Bytes Query::bytes_at(int column) {
  const auto view = blob_at(column);
  return {view.begin(), view.end()};
}

base::Result<base::Hash32> Query::hash_at(int column) {
  const auto view = blob_at(column);
  base::Hash32 out{};
  if (view.size() != out.size()) return base::fail(Code::data_loss, "store: a stored hash is not 32 bytes long", "run `exeunt doctor`");
  std::copy(view.begin(), view.end(), out.begin());
  return out;
}

}  // namespace exeunt::store::sqlite
