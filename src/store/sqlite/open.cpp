// Making, opening and closing of the SQLite driver: what must hold before the first entry is written.
#include <unistd.h>

#include <charconv>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/tree_rows.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr std::uintmax_t k_open_check_bytes_max = 64U * 1024 * 1024;  // above, only `doctor` reads every page

std::filesystem::path lock_path(const std::filesystem::path& database) { return database.string() + ".lock"; }

Result<base::FileLock> hold(const std::filesystem::path& database) {
  const auto path = lock_path(database);
  auto lock = base::FileLock::acquire(path);
  if (!lock) {
    if (lock.error().code != Code::failed_precondition) return lock;
    const std::string pid = base::read_file(path, 64).value_or("");
    return base::fail(Code::failed_precondition,
                      "store " + database.string() + ": another process " +
                          (pid.empty() ? "" : "(pid " + pid.substr(0, pid.find('\n')) + ") ") + "is running on it",
                      "wait for it to end, or stop it; `exeunt status` and `exeunt halt` work beside it");
  }
  // Written in place: a new file would not be the one that is locked.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::truncate(path.c_str(), 0) == 0) {
    if (std::FILE* file = std::fopen(path.c_str(), "r+e"); file != nullptr) {
      static_cast<void>(std::fwrite(pid.data(), 1, pid.size(), file));
      static_cast<void>(std::fclose(file));
    }
  }
  return lock;
}

Status quick_check(Connection& connection, const std::filesystem::path& database) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(database, error);
  if (error || bytes > k_open_check_bytes_max) return {};
  Query query(connection, "PRAGMA quick_check(1)");
  EXEUNT_TRY_ASSIGN(const bool row, query.step());
  if (row && query.text_at(0) == "ok") return {};
  return base::fail(Code::data_loss,
                    "store " + database.string() + ": the database is corrupt (" + (row ? std::string(query.text_at(0)) : "") + ")",
                    "keep the file, restore a backup, then `exeunt log succeed`; nothing is changed until then");
}

Status fill_new(Connection& connection, const OpenOptions& options) {
  EXEUNT_TRY(migrate(connection));
  EXEUNT_TRY(connection.run("BEGIN IMMEDIATE"));
  {
    Query tenant(connection, "INSERT INTO tenant(tenant,name) VALUES(1,?)");
    EXEUNT_TRY(tenant.text(options.tenant.text()).finish());
    Query log(connection, "INSERT INTO log(log,tenant,origin) VALUES(1,1,?)");
    EXEUNT_TRY(log.text(options.origin).finish());
  }
  EXEUNT_TRY(write_frontier(connection, 1, 1, evidence::Frontier{}));
  EXEUNT_TRY_ASSIGN(const std::string place, place_of(std::string(sqlite3_db_filename(connection.handle(), "main"))));
  EXEUNT_TRY(write_meta(connection, "place", place));
  EXEUNT_TRY(write_meta(connection, "epoch", "0"));
  EXEUNT_TRY(write_meta(connection, "clean", "1"));
  return connection.run("COMMIT");
}

}  // namespace

Status create(const OpenOptions& options, base::Random& random) {
  static_cast<void>(random);
  std::error_code error;
  if (std::filesystem::exists(options.database, error)) {
    return base::fail(Code::already_exists, "store " + options.database.string() + ": it is there already",
                      "use it, or name another folder");
  }
  if (std::filesystem::exists(options.checkpoint_copy, error)) {
    return base::fail(Code::failed_precondition, "checkpoint copy " + options.checkpoint_copy.string() + ": it belongs to an earlier store",
                      "put that store back, or name another place for the copy and another log key: nobody signs two histories");
  }
  // Made under another name: a crash before the rename leaves no store, after it a whole one. The inode, which is noted inside, stays.
  const std::filesystem::path unfinished = options.database.string() + ".new";
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(unfinished.string() + suffix, error);
  {
    EXEUNT_TRY_ASSIGN(auto connection, Connection::open(unfinished, OpenMode::create));
    EXEUNT_TRY(fill_new(*connection, options));
  }
  std::filesystem::permissions(unfinished, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  std::filesystem::rename(unfinished, options.database, error);
  if (error) return base::fail(Code::permission_denied, "store " + options.database.string() + ": " + error.message(), "check the folder");
  return {};
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const OpenOptions& options, const base::Clock& clock, base::Random& random) {
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(options, clock, random));
  EXEUNT_TRY(store->prepare());
  return store;
}

Status SqliteStore::prepare() {
  std::error_code error;
  if (!std::filesystem::exists(options_.database, error)) {
    return base::fail(Code::not_found, "store " + options_.database.string() + ": there is none", "`exeunt init` makes one");
  }
  if (!options_.read_only) {
    EXEUNT_TRY_ASSIGN(lock_, hold(options_.database));
  }
  EXEUNT_TRY_ASSIGN(auto connection, Connection::open(options_.database, options_.read_only ? OpenMode::read : OpenMode::write));
  EXEUNT_TRY_ASSIGN(const int version, schema_version(*connection));
  if (version == 0) return base::fail(Code::data_loss, "store " + options_.database.string() + ": it is empty", "put the store back");
  EXEUNT_TRY(quick_check(*connection, options_.database));
  if (options_.read_only && version < k_schema_version) {
    return base::fail(Code::failed_precondition, "store: its schema is older than this program",
                      "run a command that writes once, e.g. `exeunt doctor`");
  }
  if (!options_.read_only) EXEUNT_TRY(migrate(*connection));
  if (version > k_schema_version) EXEUNT_TRY(migrate(*connection));  // says so
  EXEUNT_TRY_ASSIGN(log_, read_log(*connection, options_.tenant));
  if (!options_.origin.empty() && log_.origin != options_.origin && !options_.allow_stale) {
    return base::fail(Code::failed_precondition, "store: its log is " + log_.origin + ", the configuration names " + options_.origin,
                      "name the key and origin of this log");
  }
  const Status genuine = check_genuine(*connection, options_, log_);
  if (!genuine) {
    if (!options_.allow_stale) return genuine;
    writable_ = base::fail(Code::failed_precondition, genuine.error().what, genuine.error().next);
  }
  if (options_.read_only)
    writable_ =
        base::fail(Code::failed_precondition, "store: it was opened for reading beside another process", "use a command that writes");
  if (!writable_) return {};
  return start_writing(std::move(connection));
}

Status SqliteStore::bump_epoch(Connection& connection, bool clean) {
  EXEUNT_TRY_ASSIGN(const std::string text, read_meta(connection, "epoch"));
  std::int64_t epoch = 0;
  std::from_chars(text.data(), text.data() + text.size(), epoch);
  ++epoch;
  EXEUNT_TRY(connection.run("BEGIN IMMEDIATE"));
  EXEUNT_TRY(write_meta(connection, "epoch", std::to_string(epoch)));
  EXEUNT_TRY(write_meta(connection, "clean", clean ? "1" : "0"));
  if (clean) EXEUNT_TRY(budgets_.save(connection, log_.tenant));
  EXEUNT_TRY(connection.run("COMMIT"));
  // A crash between the commit and the marker leaves the store ahead of it, which is allowed; the other order would refuse the real store.
  EXEUNT_TRY_ASSIGN(const TreeHead head, read_head(connection, log_.log));
  return write_marker(options_.checkpoint_copy, {log_.origin, epoch, head});
}

Status SqliteStore::start_writing(std::unique_ptr<Connection> connection) {
  EXEUNT_TRY_ASSIGN(const std::string clean, read_meta(*connection, "clean"));
  EXEUNT_TRY(budgets_.load(*connection, log_.tenant, clean == "1"));
  EXEUNT_TRY(bump_epoch(*connection, false));
  // Whoever held a lease has ended: the lock says that we are alone. Tokens stay, so that they only grow.
  EXEUNT_TRY(connection->run("UPDATE lease SET owner=''"));
  EXEUNT_TRY_ASSIGN(writer_, Writer::start(std::move(connection), log_.tenant, log_.log, options_.commit_batch_max));
  // The copy may be one checkpoint behind: a crash came between the signature and the copy.
  if (!log_.signed_note.empty()) EXEUNT_TRY(keep_copy(log_.signed_note, log_.signed_size));
  return {};
}

Status SqliteStore::finish_writing() {
  if (writer_ == nullptr) return {};
  writer_->stop();
  writer_.reset();
  EXEUNT_TRY_ASSIGN(const auto connection, Connection::open(options_.database, OpenMode::write));
  return bump_epoch(*connection, true);
}

SqliteStore::~SqliteStore() {
  // What fails here is seen at the next opening, which finds the store as after a crash.
  static_cast<void>(finish_writing());
}

}  // namespace exeunt::store::sqlite
