// What stands beside the journal in the SQLite driver: cases, documents, sealed values, references, timers, snapshots, registers.
#include "store/sqlite/sqlite_store.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Code;
using base::Result;
using base::Status;

std::int64_t milliseconds(base::Time time) { return time.time_since_epoch().count(); }
base::Time time_at(Query& query, int column) { return base::Time(base::Duration(query.integer_at(column))); }

constexpr const char* k_cases =
    "SELECT case_id,subject,subject_label,state,opened_ms FROM case_row WHERE tenant=? ORDER BY opened_ms,case_id";
constexpr const char* k_case = "SELECT case_id,subject,subject_label,state,opened_ms FROM case_row WHERE tenant=? AND case_id=?";

CaseRow case_at(Query& query) {
  return {model::CaseId(std::string(query.text_at(0))), model::PersonId(std::string(query.text_at(1))), std::string(query.text_at(2)),
          static_cast<model::CaseState>(query.integer_at(3)), time_at(query, 4)};
}

}  // namespace

Status SqliteStore::put_timer(const Timer& timer) {
  return write([&](Connection& connection) {
    Query query(connection,
                "INSERT INTO timer(tenant,name,case_id,due_ms,what) VALUES(?,?,?,?,?) ON CONFLICT(tenant,name) DO UPDATE SET "
                "case_id=excluded.case_id,due_ms=excluded.due_ms,what=excluded.what");
    return query.integer(log_.tenant)
        .text(timer.name)
        .text(timer.case_id.text())
        .integer(milliseconds(timer.due))
        .text(timer.what)
        .finish();
  });
}

Result<std::vector<Timer>> SqliteStore::timers(std::optional<model::CaseId> case_id) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection,
              "SELECT name,case_id,due_ms,what FROM timer WHERE tenant=?1 AND (?2 IS NULL OR case_id=?2) ORDER BY due_ms,name");
  query.integer(log_.tenant);
  case_id ? query.text(case_id->text()) : query.null();
  std::vector<Timer> out;
  while (true) {
    EXEUNT_TRY_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back(
        {std::string(query.text_at(0)), model::CaseId(std::string(query.text_at(1))), time_at(query, 2), std::string(query.text_at(3))});
  }
}

Status SqliteStore::drop_timer(std::string_view name) {
  return write([&](Connection& connection) {
    Query query(connection, "DELETE FROM timer WHERE tenant=? AND name=?");
    return query.integer(log_.tenant).text(name).finish();
  });
}

Status SqliteStore::put_case(const CaseRow& row) {
  return write([&](Connection& connection) {
    Query query(
        connection,
        "INSERT INTO case_row(tenant,case_id,subject,subject_label,state,opened_ms) VALUES(?,?,?,?,?,?) ON CONFLICT(tenant,case_id) DO "
        "UPDATE SET subject=excluded.subject,subject_label=excluded.subject_label,state=excluded.state,opened_ms=excluded.opened_ms");
    query.integer(log_.tenant).text(row.id.text()).text(row.subject.text()).text(row.subject_label);
    return query.integer(static_cast<std::int64_t>(row.state)).integer(milliseconds(row.opened)).finish();
  });
}

Result<std::vector<CaseRow>> SqliteStore::cases() {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, k_cases);
  query.integer(log_.tenant);
  std::vector<CaseRow> out;
  while (true) {
    EXEUNT_TRY_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back(case_at(query));
  }
}

Result<CaseRow> SqliteStore::find_case(const model::CaseId& case_id) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, k_case);
  EXEUNT_TRY_ASSIGN(const bool row, query.integer(log_.tenant).text(case_id.text()).step());
  if (!row) return base::fail(Code::not_found, "case " + case_id.text() + ": there is none", "`exeunt status` lists the cases");
  return case_at(query);
}

Status SqliteStore::put_document(std::string_view kind, std::string_view key, std::string_view bytes) {
  return write([&](Connection& connection) -> Status {
    Query query(connection, "SELECT bytes FROM document WHERE tenant=? AND kind=? AND key=?");
    EXEUNT_TRY_ASSIGN(const bool known, query.integer(log_.tenant).text(kind).text(key).step());
    if (known) {
      const auto stored = query.blob_at(0);
      if (std::equal(stored.begin(), stored.end(), base::as_bytes(bytes).begin(), base::as_bytes(bytes).end())) return {};
      return base::fail(Code::already_exists, std::string(kind) + " " + std::string(key) + ": other bytes are stored under this name",
                        "give it another name");
    }
    Query insert(connection, "INSERT INTO document(tenant,kind,key,bytes) VALUES(?,?,?,?)");
    return insert.integer(log_.tenant).text(kind).text(key).blob(base::as_bytes(bytes)).finish();
  });
}

Result<std::string> SqliteStore::document(std::string_view kind, std::string_view key) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, "SELECT bytes FROM document WHERE tenant=? AND kind=? AND key=?");
  EXEUNT_TRY_ASSIGN(const bool row, query.integer(log_.tenant).text(kind).text(key).step());
  if (!row) return base::fail(Code::not_found, std::string(kind) + " " + std::string(key) + ": there is none", "check the name");
  const auto bytes = query.blob_at(0);
  return std::string(bytes.begin(), bytes.end());
}

Result<std::vector<std::string>> SqliteStore::document_keys(std::string_view kind) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, "SELECT key FROM document WHERE tenant=? AND kind=? ORDER BY key");
  query.integer(log_.tenant).text(kind);
  std::vector<std::string> out;
  while (true) {
    EXEUNT_TRY_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.emplace_back(query.text_at(0));
  }
}

Status SqliteStore::put_sealed(const model::CaseId& case_id, std::string_view key, const base::Bytes& sealed) {
  return write([&](Connection& connection) {
    // The first value wins: a secret is made once and set again on every repeat (law 5).
    Query query(connection, "INSERT INTO sealed(tenant,case_id,key,bytes) VALUES(?,?,?,?) ON CONFLICT(tenant,case_id,key) DO NOTHING");
    return query.integer(log_.tenant).text(case_id.text()).text(key).blob(sealed).finish();
  });
}

Result<base::Bytes> SqliteStore::sealed(const model::CaseId& case_id, std::string_view key) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, "SELECT bytes FROM sealed WHERE tenant=? AND case_id=? AND key=?");
  EXEUNT_TRY_ASSIGN(const bool row, query.integer(log_.tenant).text(case_id.text()).text(key).step());
  if (!row) return base::fail(Code::not_found, "case " + case_id.text() + ": nothing is sealed as " + std::string(key));
  return query.bytes_at(0);
}

Status SqliteStore::drop_sealed(const model::CaseId& case_id) {
  return write([&](Connection& connection) {
    Query query(connection, "DELETE FROM sealed WHERE tenant=? AND case_id=?");
    return query.integer(log_.tenant).text(case_id.text()).finish();
  });
}

Result<model::Reference> SqliteStore::reference(std::string_view prefix, std::string_view value, std::string_view label) {
  const auto find = [&](Connection& connection) -> Result<std::string> {
    Query query(connection, "SELECT reference FROM reference WHERE tenant=? AND prefix=? AND value=?");
    EXEUNT_TRY_ASSIGN(const bool row, query.integer(log_.tenant).text(prefix).text(value).step());
    return row ? std::string(query.text_at(0)) : std::string{};
  };
  {
    EXEUNT_TRY_ASSIGN(Reader connection, reader());
    EXEUNT_TRY_ASSIGN(std::string known, find(*connection));
    if (!known.empty()) return model::Reference(std::move(known));
  }
  std::string made;
  const auto make = [&](Connection& connection) -> Status {
    // Looked up again on the writer: two callers may ask for the same one at once.
    EXEUNT_TRY_ASSIGN(made, find(connection));
    if (!made.empty()) return {};
    made = base::random_reference(random_, std::string(prefix) + "_");
    Query query(connection, "INSERT INTO reference(tenant,reference,prefix,value,label) VALUES(?,?,?,?,?)");
    return query.integer(log_.tenant).text(made).text(prefix).text(value).text(label).finish();
  };
  EXEUNT_TRY(write(make));
  return model::Reference(std::move(made));
}

Result<Store::Referent> SqliteStore::referent(const model::Reference& reference) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, "SELECT value,label FROM reference WHERE tenant=? AND reference=?");
  EXEUNT_TRY_ASSIGN(const bool row, query.integer(log_.tenant).text(reference.text()).step());
  if (!row) return base::fail(Code::not_found, "reference " + reference.text() + ": erased, or never made");
  return Referent{std::string(query.text_at(0)), std::string(query.text_at(1))};
}

Status SqliteStore::put_snapshot(const model::CaseId& case_id, std::uint64_t case_seq, std::string_view bytes) {
  return write([&](Connection& connection) {
    Query query(connection,
                "INSERT INTO snapshot(tenant,case_id,case_seq,bytes) VALUES(?,?,?,?) ON CONFLICT(tenant,case_id) DO UPDATE SET "
                "case_seq=excluded.case_seq,bytes=excluded.bytes WHERE excluded.case_seq>case_seq");
    return query.integer(log_.tenant).text(case_id.text()).integer(static_cast<std::int64_t>(case_seq)).text(bytes).finish();
  });
}

Result<std::optional<std::pair<std::uint64_t, std::string>>> SqliteStore::snapshot(const model::CaseId& case_id) {
  using Found = std::optional<std::pair<std::uint64_t, std::string>>;
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, "SELECT case_seq,bytes FROM snapshot WHERE tenant=? AND case_id=?");
  EXEUNT_TRY_ASSIGN(const bool row, query.integer(log_.tenant).text(case_id.text()).step());
  if (!row) return Found{};
  return Found{{static_cast<std::uint64_t>(query.integer_at(0)), std::string(query.text_at(1))}};
}

Status SqliteStore::put_register(std::string_view key, std::string_view value) {
  return write([&](Connection& connection) {
    Query query(connection,
                "INSERT INTO register(tenant,key,value) VALUES(?,?,?) ON CONFLICT(tenant,key) DO UPDATE SET value=excluded.value");
    return query.integer(log_.tenant).text(key).text(value).finish();
  });
}

Result<std::optional<std::string>> SqliteStore::get_register(std::string_view key) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, "SELECT value FROM register WHERE tenant=? AND key=?");
  EXEUNT_TRY_ASSIGN(const bool row, query.integer(log_.tenant).text(key).step());
  if (!row) return std::optional<std::string>{};
  return std::optional<std::string>{std::string(query.text_at(0))};
}

Result<Store::BudgetGrant> SqliteStore::take_budget(std::string_view bucket, double calls_per_second, double burst, double reserve,
                                                    bool urgent, int wanted) {
  EXEUNT_TRY(writable_);
  return budgets_.take(bucket, calls_per_second, burst, reserve, urgent, wanted);
}

}  // namespace exeunt::store::sqlite
