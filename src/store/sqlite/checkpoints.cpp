// Checkpoints of the SQLite driver: signed after a compare-and-set, kept outside, and the new log that follows a lost one.
#include <algorithm>
#include <charconv>

#include "base/json.hpp"
#include "evidence/leaf.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/tree_rows.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr const char* k_compare_and_set =
    "UPDATE log SET signed_size=?,signed_root=?,signed_note=?,signed_count=signed_count+1 WHERE log=? AND signed_count=? AND signed_size=?";
constexpr const char* k_checkpoint_write = "INSERT INTO checkpoint(log,size,tenant,note) VALUES(?,?,?,?) ON CONFLICT DO NOTHING";

Status store_signed(Connection& connection, const LogRow& last, const TreeHead& head, const std::string& note) {
  {
    Query set(connection, k_compare_and_set);
    set.integer(static_cast<std::int64_t>(head.size)).blob(head.root).text(note).integer(last.log).integer(last.signed_count);
    EXEUNT_TRY(set.integer(static_cast<std::int64_t>(last.signed_size)).finish());
  }
  if (sqlite3_changes(connection.handle()) != 1) {
    return base::fail(Code::aborted, "log " + last.origin + ": another holder signed a checkpoint", "read the last one, then repeat");
  }
  Query keep(connection, k_checkpoint_write);
  return keep.integer(last.log).integer(static_cast<std::int64_t>(head.size)).integer(last.tenant).text(note).finish();
}

// What was signed before must be a part of what is signed now, or there would be two histories.
Status check_extends(Connection& connection, const LogRow& last, const TreeHead& head) {
  if (last.signed_note.empty() || last.signed_size == 0) return {};
  const auto wrong = [&](const std::string& what) {
    return base::fail(Code::data_loss,
                      "log " + last.origin + ": " + what + " the last signed checkpoint (size " + std::to_string(last.signed_size) + ")",
                      "stop; run `exeunt doctor`; put the right store back or `exeunt log succeed`");
  };
  if (head.size < last.signed_size) return wrong("the tree is smaller than");
  EXEUNT_TRY_ASSIGN(const base::Hash32 root, root_at(connection, last.log, last.signed_size));
  if (root != last.signed_root) return wrong("the tree does not extend");
  return {};
}

struct Lost {
  std::string note;          // the last checkpoint of the old log that anybody holds
  std::int64_t entries = 0;  // that it covers and this store does not have
};

Lost what_is_lost(const OpenOptions& options, const LogRow& old, const TreeHead& head) {
  Lost lost{base::read_file(options.checkpoint_copy, 1'000'000).value_or(old.signed_note), 0};
  const std::size_t end = lost.note.rfind("\n\n");
  const auto seen = evidence::parse_checkpoint_text(std::string_view(lost.note).substr(0, end == std::string::npos ? 0 : end + 1));
  std::uint64_t size = seen ? seen->size : 0;
  const auto marker = read_marker(options.checkpoint_copy);
  if (marker && *marker && (*marker)->origin == old.origin) size = std::max(size, (*marker)->head.size);
  if (size > head.size) lost.entries = static_cast<std::int64_t>(size - head.size);
  return lost;
}

struct FirstEntry {
  evidence::Leaf leaf;
  std::string bytes;
  std::string payload;
  base::Bytes salt;
};

Result<FirstEntry> first_entry(const OpenOptions& options, const LogRow& old, const TreeHead& head, std::string_view reason, base::Time now,
                               base::Random& random) {
  const Lost lost = what_is_lost(options, old, head);
  FirstEntry first;
  first.salt.resize(32);
  random.fill(first.salt);
  first.payload = base::canonical_json(base::JsonObject{{"reason", reason},
                                                        {"old_origin", old.origin},
                                                        {"old_checkpoint", lost.note},
                                                        {"old_entries_kept", static_cast<std::int64_t>(head.size)},
                                                        {"old_root_kept", base::to_hex(head.root)},
                                                        {"entries_lost_at_least", lost.entries}});
  first.leaf.tenant = options.tenant.text();
  first.leaf.case_id = "log-" + std::to_string(old.log + 1);
  first.leaf.kind = evidence::LeafKind::log_succeeded;
  first.leaf.t = now;
  first.leaf.digest = base::to_hex(base::sha256(lost.note));
  first.leaf.count = lost.entries;
  first.leaf.commit = evidence::commit_payload(first.salt, first.payload);
  EXEUNT_TRY_ASSIGN(first.bytes, evidence::encode(first.leaf));
  return first;
}

Status write_first(Connection& connection, const LogRow& fresh, const FirstEntry& first) {
  const std::int64_t position = fresh.log << k_log_shift;
  Query stream(connection, "INSERT INTO stream(tenant,next_seq,last_position,case_id) VALUES(?,1,?,?)");
  EXEUNT_TRY(stream.integer(fresh.tenant).integer(position).text(first.leaf.case_id).finish());
  const base::Hash32 hash = evidence::leaf_hash(first.bytes);
  Query entry(connection, "INSERT INTO entry(position,tenant,stream,case_seq,leaf,leaf_hash,salt,payload) VALUES(?,?,?,0,?,?,?,?)");
  entry.integer(position).integer(fresh.tenant).integer(sqlite3_last_insert_rowid(connection.handle()));
  EXEUNT_TRY(entry.text(first.bytes).blob(hash).blob(first.salt).text(first.payload).finish());
  evidence::Frontier frontier;
  frontier.append(hash);
  return write_frontier(connection, fresh.tenant, fresh.log, frontier);
}

}  // namespace

Result<std::string> SqliteStore::sign_checkpoint(const evidence::SigningKey& key, const Fence& fence) {
  if (key.verifier().name != log_.origin) {
    return base::fail(Code::failed_precondition, "log key " + key.verifier().name + ": it is not the key of the log " + log_.origin,
                      "name the key of this log");
  }
  std::string note;
  TreeHead head;
  const auto sign = [&](Connection& connection) -> Status {
    EXEUNT_TRY(writer_->is_newest(fence));
    EXEUNT_TRY_ASSIGN(const LogRow last, read_log(connection, options_.tenant));
    const evidence::Frontier frontier = writer_->tree().frontier();
    head = {frontier.size(), frontier.root()};
    EXEUNT_TRY(check_extends(connection, last, head));
    if (!last.signed_note.empty() && last.signed_size == head.size) {
      note = last.signed_note;
      return {};
    }
    note = evidence::sign_checkpoint({log_.origin, head.size, head.root}, key);
    // A crash before the commit: nobody saw this signature. After it and before the copy: the next opening writes the copy.
    return store_signed(connection, last, head, note);
  };
  EXEUNT_TRY(write(sign));
  EXEUNT_TRY(keep_copy(note, head.size));
  return note;
}

Status SqliteStore::keep_copy(const std::string& note, std::uint64_t size) {
  const std::lock_guard lock(copy_mutex_);
  if (copy_written_ && size <= copy_size_) return {};
  auto written = base::write_file_atomically(options_.checkpoint_copy, note, 0644);
  if (!written) return base::fail(written.error().about("checkpoint copy (signed and in the store, not yet outside)"));
  copy_written_ = true;
  copy_size_ = size;
  return {};
}

Result<std::optional<std::string>> SqliteStore::last_checkpoint() {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  EXEUNT_TRY_ASSIGN(LogRow last, read_log(*connection, options_.tenant));
  if (last.signed_note.empty()) return std::optional<std::string>{};
  return std::optional<std::string>{std::move(last.signed_note)};
}

Status SqliteStore::succeed(const evidence::SigningKey& key, std::string_view reason) {
  if (key.verifier().name == log_.origin) {
    return base::fail(Code::invalid_argument, "log " + log_.origin + ": the new log needs another origin and key",
                      "make a key named e.g. " + log_.origin + "/2: nobody signs two histories");
  }
  if (writer_ != nullptr) writer_->stop();
  EXEUNT_TRY_ASSIGN(const auto connection, Connection::open(options_.database, OpenMode::write));
  EXEUNT_TRY_ASSIGN(const TreeHead head, read_head(*connection, log_.log));
  EXEUNT_TRY_ASSIGN(const FirstEntry first, first_entry(options_, log_, head, reason, clock_.now(), random_));
  EXEUNT_TRY_ASSIGN(const std::string epoch_text, read_meta(*connection, "epoch"));
  EXEUNT_TRY_ASSIGN(const std::string place, place_of(options_.database));
  std::int64_t epoch = 0;
  std::from_chars(epoch_text.data(), epoch_text.data() + epoch_text.size(), epoch);
  const auto marker = read_marker(options_.checkpoint_copy);
  epoch = std::max(epoch, marker && *marker ? (*marker)->epoch : 0) + 1;

  EXEUNT_TRY(connection->run("BEGIN IMMEDIATE"));
  Query insert(*connection, "INSERT INTO log(tenant,origin) VALUES(?,?)");
  EXEUNT_TRY(insert.integer(log_.tenant).text(key.verifier().name).finish());
  const LogRow fresh{log_.tenant, sqlite3_last_insert_rowid(connection->handle()), key.verifier().name, 0, {}, {}, 0};
  EXEUNT_TRY(write_first(*connection, fresh, first));
  const TreeHead new_head{1, evidence::leaf_hash(first.bytes)};
  const std::string note = evidence::sign_checkpoint({fresh.origin, new_head.size, new_head.root}, key);
  EXEUNT_TRY(store_signed(*connection, fresh, new_head, note));
  EXEUNT_TRY(write_meta(*connection, "place", place));
  EXEUNT_TRY(write_meta(*connection, "epoch", std::to_string(epoch)));
  EXEUNT_TRY(write_meta(*connection, "clean", "1"));
  // A crash before this line leaves the old log, still refused; after it the new one, whose copy is written again below or, since the old
  // copy then names another origin, by repeating the command after moving that file away.
  EXEUNT_TRY(connection->run("COMMIT"));
  EXEUNT_TRY(base::write_file_atomically(options_.checkpoint_copy, note, 0644));
  writer_.reset();
  return write_marker(options_.checkpoint_copy, {fresh.origin, epoch, new_head});
}

}  // namespace exeunt::store::sqlite
