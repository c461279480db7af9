// engine.reference_per_s{1,32,1024}: the least that a durable step can cost. Bare SQLite group commit, K runs of S steps, an intent and a
// result row each, nothing decided and nothing checked. Ours is measured against it in the same run.
#include <sqlite3.h>

#include "base/bytes.hpp"
#include "bench/bench.hpp"

namespace exeunt::bench {
namespace {

constexpr int k_steps_a_run = 13;
constexpr const char* k_output = R"({"ok":true,"etag":"0123456789abcdef0123456789abcdef","status":204})";
constexpr const char* k_schema =
    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA wal_autocheckpoint=4000;PRAGMA cache_size=-200000;"
    "CREATE TABLE wf(id INTEGER PRIMARY KEY,state INT,cur INT,name TEXT,input TEXT,created INT,updated INT);"
    "CREATE TABLE step(wf INT,n INT,name TEXT,phase INT,output TEXT,started INT,ended INT,leaf BLOB,PRIMARY KEY(wf,n,phase)) WITHOUT "
    "ROWID;";

enum class Phase { intent = 0, result = 1 };

struct Run {
  std::int64_t id = 0;
  int step = -1;  // -1: its row is not written yet
  Phase phase = Phase::intent;
};

class Database {
 public:
  explicit Database(const std::filesystem::path& path) {
    ok_ = sqlite3_open(path.c_str(), &handle_) == SQLITE_OK && sqlite3_exec(handle_, k_schema, nullptr, nullptr, nullptr) == SQLITE_OK;
    begin_ = prepare("BEGIN IMMEDIATE");
    commit_ = prepare("COMMIT");
    run_ = prepare(R"(INSERT INTO wf VALUES(?,0,0,'offboard','{"person":"p-000001","reason":"layoff"}',?,?))");
    finish_ = prepare("UPDATE wf SET state=1,updated=? WHERE id=?");
    step_ = prepare("INSERT INTO step VALUES(?,?,?,?,?,?,?,?)");
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    for (sqlite3_stmt* statement : {begin_, commit_, run_, finish_, step_}) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }
  void begin() { finish_statement(begin_); }
  void commit() { finish_statement(commit_); }
  void add_run(std::int64_t id, std::int64_t now) {
    sqlite3_bind_int64(run_, 1, id);
    sqlite3_bind_int64(run_, 2, now);
    sqlite3_bind_int64(run_, 3, now);
    finish_statement(run_);
  }
  void finish_run(std::int64_t id, std::int64_t now) {
    sqlite3_bind_int64(finish_, 1, now);
    sqlite3_bind_int64(finish_, 2, id);
    finish_statement(finish_);
  }
  void add_step(const Run& run, std::int64_t now) {
    const std::string_view output = k_output;
    const base::Hash32 hash = base::sha256(output);
    sqlite3_bind_int64(step_, 1, run.id);
    sqlite3_bind_int(step_, 2, run.step);
    sqlite3_bind_text(step_, 3, "disable_identity", -1, SQLITE_STATIC);
    sqlite3_bind_int(step_, 4, static_cast<int>(run.phase));
    sqlite3_bind_text(step_, 5, output.data(), static_cast<int>(output.size()), SQLITE_STATIC);
    sqlite3_bind_int64(step_, 6, now);
    sqlite3_bind_int64(step_, 7, now);
    sqlite3_bind_blob(step_, 8, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
    finish_statement(step_);
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    ok_ = ok_ && sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) == SQLITE_OK;
    return statement;
  }
  void finish_statement(sqlite3_stmt* statement) {
    ok_ = ok_ && sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
  }
  sqlite3* handle_ = nullptr;
  bool ok_ = false;
  sqlite3_stmt *begin_ = nullptr, *commit_ = nullptr, *run_ = nullptr, *finish_ = nullptr, *step_ = nullptr;
};

base::Result<double> steps_per_second(const Settings& settings, std::size_t in_flight) {
  Database database(settings.folder / ("reference-" + std::to_string(in_flight) + ".db"));
  std::vector<Run> runs(in_flight);
  std::int64_t next_id = 1;
  for (Run& run : runs) run.id = next_id++;
  std::int64_t steps = 0;
  const Stopwatch watch;
  while (watch.seconds() < settings.seconds) {
    database.begin();
    for (Run& run : runs) {
      if (run.step < 0) {
        database.add_run(run.id, steps);
        run.step = 0;
      }
      database.add_step(run, steps);
      if (run.phase == Phase::intent) {
        run.phase = Phase::result;
        continue;
      }
      run.phase = Phase::intent;
      ++run.step;
      ++steps;
      if (run.step == k_steps_a_run) database.finish_run(run.id, steps);
    }
    database.commit();
    for (Run& run : runs) {
      if (run.step == k_steps_a_run) run = Run{next_id++, -1, Phase::intent};
    }
    if (!database.ok()) return base::fail(base::Code::internal, "the reference loop failed", "is the folder writable, the disk full?");
  }
  return static_cast<double>(steps) / watch.seconds();
}

base::Status run_reference(const Settings& settings, base::JsonObject& figures) {
  base::JsonObject per_second;
  for (const std::size_t in_flight : {std::size_t{1}, std::size_t{32}, std::size_t{1024}}) {
    EXEUNT_TRY_ASSIGN(const double rate, steps_per_second(settings, in_flight));
    per_second[std::to_string(in_flight)] = rate;
  }
  figures["engine.reference_per_s"] = std::move(per_second);
  return {};
}

const bool registered = register_part("reference", run_reference);

}  // namespace
}  // namespace exeunt::bench
