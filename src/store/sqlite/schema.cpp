#include "store/sqlite/schema.hpp"

namespace exeunt::store::sqlite {
namespace {

constexpr std::int64_t k_application_id = 0x45585554;  // "EXUT": `file` and we tell our databases from others

constexpr const char* k_version_1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tenant(tenant INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
-- One row a log; the newest of a tenant is the one that is written. signed_*: the compare-and-set of checkpoints.
CREATE TABLE log(log INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, origin TEXT NOT NULL, signed_size INTEGER NOT NULL DEFAULT 0,
  signed_root BLOB, signed_note TEXT, signed_count INTEGER NOT NULL DEFAULT 0);
CREATE TABLE frontier(log INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, size INTEGER NOT NULL, roots BLOB NOT NULL);
CREATE TABLE tile(log INTEGER NOT NULL, level INTEGER NOT NULL, number INTEGER NOT NULL, tenant INTEGER NOT NULL, root BLOB NOT NULL,
  hashes BLOB NOT NULL, PRIMARY KEY(log, level, number));
CREATE TABLE checkpoint(log INTEGER NOT NULL, size INTEGER NOT NULL, tenant INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY(log, size));
-- position = log * 2^40 + place in the tree. payload and salt may be erased; leaf and leaf_hash never change. A case's entries hang on
-- each other by `before` (position of its previous entry): an index over (stream, case_seq) would dirty a page for every case in a commit.
CREATE TABLE entry(position INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, stream INTEGER NOT NULL, case_seq INTEGER NOT NULL, before INTEGER,
  leaf TEXT NOT NULL, leaf_hash BLOB NOT NULL, salt BLOB, payload TEXT);
-- Where a case's newest entry lies, and every 256th, so that a page in the middle is found without walking from the end.
CREATE TABLE stream(stream INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, next_seq INTEGER NOT NULL, last_position INTEGER, case_id TEXT NOT NULL,
  UNIQUE(tenant, case_id));
CREATE TABLE stream_mark(stream INTEGER NOT NULL, case_seq INTEGER NOT NULL, tenant INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY(stream, case_seq)) WITHOUT ROWID;
CREATE TABLE lease(tenant INTEGER NOT NULL, name TEXT NOT NULL, token INTEGER NOT NULL, owner TEXT NOT NULL, PRIMARY KEY(tenant, name)) WITHOUT ROWID;
CREATE TABLE timer(tenant INTEGER NOT NULL, name TEXT NOT NULL, case_id TEXT NOT NULL, due_ms INTEGER NOT NULL, what TEXT NOT NULL,
  PRIMARY KEY(tenant, name)) WITHOUT ROWID;
CREATE TABLE case_row(tenant INTEGER NOT NULL, case_id TEXT NOT NULL, subject TEXT NOT NULL, state INTEGER NOT NULL, opened_ms INTEGER NOT NULL,
  PRIMARY KEY(tenant, case_id)) WITHOUT ROWID;
CREATE TABLE document(tenant INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(tenant, kind, key));
CREATE TABLE sealed(tenant INTEGER NOT NULL, case_id TEXT NOT NULL, key TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(tenant, case_id, key));
CREATE TABLE reference(tenant INTEGER NOT NULL, reference TEXT NOT NULL, prefix TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(tenant, reference), UNIQUE(tenant, prefix, value));
CREATE TABLE snapshot(tenant INTEGER NOT NULL, case_id TEXT NOT NULL, case_seq INTEGER NOT NULL, bytes TEXT NOT NULL, PRIMARY KEY(tenant, case_id));
)sql";

constexpr const char* k_version_2 = R"sql(
ALTER TABLE case_row ADD COLUMN subject_label TEXT NOT NULL DEFAULT '';
ALTER TABLE reference ADD COLUMN label TEXT NOT NULL DEFAULT '';
CREATE TABLE register(tenant INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(tenant, key)) WITHOUT ROWID;
CREATE TABLE budget(tenant INTEGER NOT NULL, bucket TEXT NOT NULL, tokens REAL NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY(tenant, bucket)) WITHOUT ROWID;
)sql";

constexpr const char* k_versions[] = {k_version_1, k_version_2};
static_assert(std::size(k_versions) == k_schema_version);

base::Result<std::int64_t> pragma(Connection& connection, const char* sql) {
  Query query(connection, sql);
  EXEUNT_TRY_ASSIGN(const bool row, query.step());
  return row ? query.integer_at(0) : 0;
}

}  // namespace

base::Result<int> schema_version(Connection& connection) {
  EXEUNT_TRY_ASSIGN(const std::int64_t application, pragma(connection, "PRAGMA application_id"));
  EXEUNT_TRY_ASSIGN(const std::int64_t version, pragma(connection, "PRAGMA user_version"));
  EXEUNT_TRY_ASSIGN(const std::int64_t tables, pragma(connection, "SELECT count(*) FROM sqlite_schema"));
  if (application != k_application_id && (tables != 0 || version != 0)) {
    return base::fail(base::Code::data_loss, "store: the file is a database, but not one of Exeunt's", "name the right file");
  }
  return static_cast<int>(version);
}

base::Status migrate(Connection& connection, int to) {
  EXEUNT_TRY_ASSIGN(const int from, schema_version(connection));
  if (from > to) {
    return base::fail(base::Code::unimplemented,
                      "store: its schema is version " + std::to_string(from) + ", this program knows up to " + std::to_string(to),
                      "run the newer program that wrote it");
  }
  if (from == to) return {};
  // A crash anywhere before COMMIT leaves the older version, whole.
  EXEUNT_TRY(connection.run("BEGIN IMMEDIATE"));
  base::Status done;
  for (int version = from; version < to && done; ++version) done = connection.run(k_versions[version]);
  const std::string stamp =
      "PRAGMA application_id=" + std::to_string(k_application_id) + "; PRAGMA user_version=" + std::to_string(to) + "; COMMIT";
  if (done) done = connection.run(stamp.c_str());
  if (!done) static_cast<void>(connection.run("ROLLBACK"));
  return done;
}

}  // namespace exeunt::store::sqlite
