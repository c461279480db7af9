#include "store/sqlite/writer.hpp"

#include "store/sqlite/schema.hpp"
#include "store/sqlite/tree_rows.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr const char* k_begin = "BEGIN IMMEDIATE";
constexpr const char* k_commit = "COMMIT";
constexpr const char* k_rollback = "ROLLBACK";
constexpr const char* k_task_begin = "SAVEPOINT task";
constexpr const char* k_task_keep = "RELEASE task";
constexpr const char* k_task_undo = "ROLLBACK TO task";
constexpr const char* k_entry_write =
    "INSERT INTO entry(position,tenant,stream,case_seq,before,leaf,leaf_hash,salt,payload) VALUES(?,?,?,?,?,?,?,?,?)";
constexpr const char* k_stream_find = "SELECT stream,next_seq,last_position FROM stream WHERE tenant=? AND case_id=?";
constexpr const char* k_stream_make = "INSERT INTO stream(tenant,next_seq,case_id) VALUES(?,0,?)";
constexpr const char* k_stream_head = "UPDATE stream SET next_seq=?,last_position=? WHERE stream=?";
constexpr const char* k_stream_mark = "INSERT INTO stream_mark(stream,case_seq,tenant,position) VALUES(?,?,?,?)";
constexpr const char* k_lease_tokens = "SELECT name,token FROM lease WHERE tenant=?";

Status once(Connection& connection, const char* sql) {
  Query query(connection, sql);
  return query.finish();
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::start(std::unique_ptr<Connection> connection, std::int64_t tenant, std::int64_t log,
                                              std::size_t entries_max) {
  auto writer = std::unique_ptr<Writer>(new Writer(std::move(connection), tenant, log, entries_max));
  EXEUNT_TRY(writer->load());
  writer->thread_ = std::thread([raw = writer.get()] { raw->loop(); });
  return writer;
}

// What the writer keeps in memory is what the database says; after a transaction that was undone it is read anew.
Status Writer::load() {
  heads_.clear();
  changed_.clear();
  EXEUNT_TRY_ASSIGN(tree_, load_tree(*connection_, log_));
  Query query(*connection_, k_lease_tokens);
  query.integer(tenant_);
  while (true) {
    EXEUNT_TRY_ASSIGN(const bool row, query.step());
    if (!row) return {};
    LeaseRow& lease = leases_[std::string(query.text_at(0))];
    lease.token = std::max(lease.token, query.integer_at(1));
  }
}

void Writer::submit(Request request) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(std::move(request));
      if (waiting_.size() == 1) wake_.notify_one();
      return;
    }
  }
  request.done(base::fail(Code::cancelled, "store: it is being closed; nothing was written", "open it again"));
}

void Writer::append(std::vector<NewEntry> entries, Fence fence, Store::Done done) {
  submit({std::move(entries), std::move(fence), std::move(done), nullptr});
}

Status Writer::perform(Task task) {
  std::mutex mutex;
  std::condition_variable finished;
  std::optional<Status> result;
  submit({{},
          {},
          [&](Status status) {
            const std::lock_guard lock(mutex);
            result = std::move(status);
            finished.notify_one();
          },
          std::move(task)});
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return result.has_value(); });
  return std::move(*result);
}

void Writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Writer::loop() {
  std::vector<Request> taken;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      taken.swap(waiting_);
    }
    // Everything that came while the last transaction was on its way to the disk is the next one.
    std::size_t begin = 0;
    while (begin < taken.size()) {
      std::size_t end = begin;
      for (std::size_t entries = 0; end < taken.size() && (end == begin || entries + taken[end].entries.size() <= entries_max_); ++end) {
        entries += taken[end].entries.size();
      }
      commit_group(std::span(taken).subspan(begin, end - begin));
      begin = end;
    }
    taken.clear();
  }
}

void Writer::commit_group(std::span<Request> group) {
  Status all = broken_;
  if (all) all = once(*connection_, k_begin);
  if (all) {
    all = write_group(group);
    // A crash before the next line leaves none of the group; after it, all of it. Nobody has been told of it yet either way: an
    // entry whose writer never heard is one more intent to be observed, never one less.
    if (all) all = once(*connection_, k_commit);
    if (!all) {
      const bool unknown = all.error().code == Code::outcome_unknown;
      if (sqlite3_get_autocommit(connection_->handle()) == 0) static_cast<void>(once(*connection_, k_rollback));
      // After a failed sync the disk may hold either; only a fresh open reads which. Appending on top of a guess would fork the log.
      auto again = unknown ? Status(base::fail(all.error())) : load();
      if (!again)
        broken_ = base::fail(Code::failed_precondition, again.error().what + "; writing has stopped",
                             "restart, which reads what is really there");
    }
  }
  for (Request& request : group) {
    if (!all) request.result = all;
    request.done(std::move(request.result));
  }
}

// Fails only when the whole transaction must go; a request that is refused by itself says so in its own result.
Status Writer::write_group(std::span<Request> group) {
  const std::uint64_t size_before = tree_.size();
  for (Request& request : group) EXEUNT_TRY(request.task ? run_task(request) : write_entries(request));
  if (tree_.size() == size_before) return {};
  EXEUNT_TRY(write_heads());
  return write_frontier(*connection_, tenant_, log_, tree_.frontier());
}

Status Writer::write_heads() {
  for (StreamHead* head : changed_) {
    head->changed = false;
    Query query(*connection_, k_stream_head);
    EXEUNT_TRY(query.integer(static_cast<std::int64_t>(head->next_seq)).integer(head->last_position).integer(head->stream).finish());
  }
  changed_.clear();
  return {};
}

Status Writer::run_task(Request& request) {
  EXEUNT_TRY(once(*connection_, k_task_begin));
  request.result = request.task(*connection_);
  // A full or broken disk makes SQLite undo the whole transaction, not only the savepoint.
  if (sqlite3_get_autocommit(connection_->handle()) != 0) return request.result;
  if (!request.result) EXEUNT_TRY(once(*connection_, k_task_undo));
  return once(*connection_, k_task_keep);
}

Status Writer::is_newest(const Fence& fence) const {
  const auto found = leases_.find(fence.lease);
  if (found != leases_.end() && found->second.token == fence.token) return {};
  return base::fail(Code::aborted, "lease " + fence.lease + ": another holder took it",
                    "stop what runs under it; acquire it again and re-read");
}

Result<Writer::StreamHead*> Writer::head_of(const model::CaseId& case_id) {
  const auto found = heads_.find(case_id.text());
  if (found != heads_.end()) return &found->second;
  StreamHead head;
  Query find(*connection_, k_stream_find);
  EXEUNT_TRY_ASSIGN(const bool known, find.integer(tenant_).text(case_id.text()).step());
  if (known) {
    head.stream = find.integer_at(0);
    head.next_seq = static_cast<std::uint64_t>(find.integer_at(1));
    head.last_position = find.integer_at(2);
  } else {
    Query make(*connection_, k_stream_make);
    EXEUNT_TRY(make.integer(tenant_).text(case_id.text()).finish());
    head.stream = sqlite3_last_insert_rowid(connection_->handle());
  }
  return &heads_.emplace(case_id.text(), head).first->second;
}

Status Writer::write_entries(Request& request) {
  request.result = is_newest(request.fence);
  if (!request.result) return {};
  std::vector<StreamHead*> heads;
  heads.reserve(request.entries.size());
  for (const NewEntry& entry : request.entries) {
    EXEUNT_TRY_ASSIGN(StreamHead* const head, head_of(entry.case_id));
    if (entry.case_seq != head->next_seq) {
      request.result = base::fail(Code::aborted,
                                  "case " + entry.case_id.text() + ": entry " + std::to_string(entry.case_seq) +
                                      " does not follow the stored head, which asks for " + std::to_string(head->next_seq),
                                  "another writer was there; read the case again");
      for (StreamHead* counted : heads) --counted->next_seq;
      return {};
    }
    ++head->next_seq;
    heads.push_back(head);
  }
  for (std::size_t i = 0; i < heads.size(); ++i) EXEUNT_TRY(write_entry(request.entries[i], *heads[i]));
  return {};
}

Status Writer::write_entry(const NewEntry& entry, StreamHead& head) {
  const std::int64_t position = (log_ << k_log_shift) + static_cast<std::int64_t>(tree_.size());
  {
    Query query(*connection_, k_entry_write);
    query.integer(position).integer(tenant_).integer(head.stream).integer(static_cast<std::int64_t>(entry.case_seq));
    head.last_position == 0 ? query.null() : query.integer(head.last_position);
    query.text(entry.leaf).blob(entry.leaf_hash).blob(entry.salt).text(entry.payload);
    EXEUNT_TRY(query.finish());
  }
  head.last_position = position;
  if (!head.changed) changed_.push_back(&head);
  head.changed = true;
  if (entry.case_seq % k_mark_every == 0) {
    Query mark(*connection_, k_stream_mark);
    EXEUNT_TRY(mark.integer(head.stream).integer(static_cast<std::int64_t>(entry.case_seq)).integer(tenant_).integer(position).finish());
  }
  Status tiles;
  tree_.append(entry.leaf_hash, [&](const Tile& tile) {
    if (tiles) tiles = write_tile(*connection_, tenant_, log_, tile);
  });
  return tiles;
}

}  // namespace exeunt::store::sqlite
