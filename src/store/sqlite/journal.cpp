// Journal, tree, leases and readers of the SQLite driver.
#include <algorithm>
#include <limits>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/tree_rows.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr std::size_t k_idle_readers_max = 8;
constexpr std::int64_t k_index_mask = (std::int64_t{1} << k_log_shift) - 1;

constexpr const char* k_stream = "SELECT stream,next_seq,last_position FROM stream WHERE tenant=? AND case_id=?";
constexpr const char* k_mark = "SELECT position FROM stream_mark WHERE stream=? AND case_seq>=? ORDER BY case_seq LIMIT 1";
constexpr const char* k_entry_at = "SELECT position,case_seq,before,leaf,payload,salt FROM entry WHERE position=?";
constexpr const char* k_read_tree =
    "SELECT e.position,e.case_seq,s.case_id,e.leaf,e.payload,e.salt FROM entry e JOIN stream s ON s.stream=e.stream "
    "WHERE e.position>=? AND e.position<? ORDER BY e.position LIMIT ?";
constexpr const char* k_lease_write =
    "INSERT INTO lease(tenant,name,token,owner) VALUES(?,?,?,?) ON CONFLICT(tenant,name) DO UPDATE SET "
    "token=excluded.token,owner=excluded.owner";

std::int64_t sql_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min(limit, static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())));
}

// Columns: position, case_seq, (something else), leaf, payload, salt.
StoredEntry entry_at(Query& query) {
  StoredEntry entry;
  entry.tree_index = static_cast<std::uint64_t>(query.integer_at(0) & k_index_mask);
  entry.case_seq = static_cast<std::uint64_t>(query.integer_at(1));
  entry.leaf = query.text_at(3);
  if (!query.is_null(4)) entry.payload = std::string(query.text_at(4));
  entry.salt = query.bytes_at(5);
  return entry;
}

base::Error broken_stream(const model::CaseId& case_id) {
  return {Code::data_loss, "case " + case_id.text() + ": its entries do not hang together", "run `exeunt doctor`, restore a backup"};
}

// Entries from..to (both in), walked from the first mark at or after `to` backwards.
Result<std::vector<StoredEntry>> walk_back(Connection& connection, const model::CaseId& case_id, std::int64_t stream,
                                           std::int64_t last_position, std::uint64_t from, std::uint64_t to) {
  std::int64_t position = last_position;
  {
    Query mark(connection, k_mark);
    EXEUNT_TRY_ASSIGN(const bool marked, mark.integer(stream).integer(static_cast<std::int64_t>(to)).step());
    if (marked) position = mark.integer_at(0);
  }
  std::vector<StoredEntry> out;
  while (true) {
    Query query(connection, k_entry_at);
    EXEUNT_TRY_ASSIGN(const bool row, query.integer(position).step());
    const auto case_seq = row ? static_cast<std::uint64_t>(query.integer_at(1)) : 0;
    if (!row || case_seq < from || (case_seq > from && query.is_null(2))) return base::fail(broken_stream(case_id));
    if (case_seq <= to) {
      out.push_back(entry_at(query));
      out.back().case_id = case_id;
    }
    if (case_seq == from) break;
    position = query.integer_at(2);
  }
  if (out.size() != to - from + 1) return base::fail(broken_stream(case_id));
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

SqliteStore::Reader::~Reader() {
  if (connection_ == nullptr) return;
  const std::lock_guard lock(store_.readers_mutex_);
  if (store_.idle_readers_.size() < k_idle_readers_max) store_.idle_readers_.push_back(std::move(connection_));
}

Result<SqliteStore::Reader> SqliteStore::reader() {
  {
    const std::lock_guard lock(readers_mutex_);
    if (!idle_readers_.empty()) {
      auto connection = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return Reader(*this, std::move(connection));
    }
  }
  EXEUNT_TRY_ASSIGN(auto connection, Connection::open(options_.database, OpenMode::read));
  return Reader(*this, std::move(connection));
}

Status SqliteStore::write(Writer::Task task) {
  EXEUNT_TRY(writable_);
  return writer_->perform(std::move(task));
}

void SqliteStore::append_async(std::vector<NewEntry> entries, const Fence& fence, Done done) {
  if (!writable_) return done(writable_);
  writer_->append(std::move(entries), fence, std::move(done));
}

Result<std::vector<StoredEntry>> SqliteStore::read_case(const model::CaseId& case_id, std::uint64_t from_seq, std::size_t limit) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, k_stream);
  EXEUNT_TRY_ASSIGN(const bool known, query.integer(log_.tenant).text(case_id.text()).step());
  const auto next_seq = known ? static_cast<std::uint64_t>(query.integer_at(1)) : 0;
  if (from_seq >= next_seq || limit == 0) return std::vector<StoredEntry>{};
  const std::uint64_t to = from_seq + std::min<std::uint64_t>(limit, next_seq - from_seq) - 1;
  return walk_back(*connection, case_id, query.integer_at(0), query.integer_at(2), from_seq, to);
}

Result<std::vector<StoredEntry>> SqliteStore::read_tree(std::uint64_t from_index, std::size_t limit) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  Query query(*connection, k_read_tree);
  const std::int64_t first = log_.log << k_log_shift;
  query.integer(first + static_cast<std::int64_t>(from_index)).integer(first + k_index_mask).integer(sql_limit(limit));
  std::vector<StoredEntry> out;
  while (true) {
    EXEUNT_TRY_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back(entry_at(query));
    out.back().case_id = model::CaseId(std::string(query.text_at(2)));
  }
}

Result<TreeHead> SqliteStore::tree_head() {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  return read_head(*connection, log_.log);
}

Result<std::vector<base::Hash32>> SqliteStore::leaf_hashes(std::uint64_t from, std::uint64_t to) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  EXEUNT_TRY_ASSIGN(auto hashes, read_leaf_hashes(*connection, log_.log, from, to));
  if (from > to || hashes.size() != to - from) {
    return base::fail(Code::not_found, "store: the tree does not have entries " + std::to_string(from) + " to " + std::to_string(to));
  }
  return hashes;
}

Result<Fence> SqliteStore::acquire_lease(std::string_view name, std::string_view owner, base::Duration time_to_live) {
  Fence fence{std::string(name), 0};
  const auto acquire = [&](Connection& connection) -> Status {
    LeaseRow& lease = writer_->leases()[fence.lease];
    if (!lease.owner.empty() && lease.owner != owner && clock_.steady() < lease.expires) {
      return base::fail(Code::aborted, "lease " + fence.lease + ": " + lease.owner + " holds it", "wait until it ends or is released");
    }
    Query query(connection, k_lease_write);
    EXEUNT_TRY(query.integer(log_.tenant).text(name).integer(lease.token + 1).text(owner).finish());
    lease = LeaseRow{lease.token + 1, std::string(owner), clock_.steady() + time_to_live};
    fence.token = lease.token;
    return {};
  };
  EXEUNT_TRY(write(acquire));
  return fence;
}

Status SqliteStore::renew_lease(const Fence& fence, base::Duration time_to_live) {
  return write([&](Connection&) -> Status {
    EXEUNT_TRY(writer_->is_newest(fence));
    LeaseRow& lease = writer_->leases()[fence.lease];
    if (lease.owner.empty()) return base::fail(Code::aborted, "lease " + fence.lease + ": it was released", "acquire it again");
    lease.expires = clock_.steady() + time_to_live;
    return {};
  });
}

Status SqliteStore::release_lease(const Fence& fence) {
  return write([&](Connection& connection) -> Status {
    EXEUNT_TRY(writer_->is_newest(fence));
    // The token goes up, so that nothing more is written under a fence that was given back.
    LeaseRow& lease = writer_->leases()[fence.lease];
    Query query(connection, k_lease_write);
    EXEUNT_TRY(query.integer(log_.tenant).text(fence.lease).integer(lease.token + 1).text("").finish());
    lease = LeaseRow{lease.token + 1, {}, {}};
    return {};
  });
}

}  // namespace exeunt::store::sqlite
