// Store::verify of the SQLite driver: reads everything there is once and compares it with everything else.
#include <map>
#include <unordered_map>

#include "evidence/fold.hpp"
#include "evidence/leaf.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/tree_rows.hpp"

namespace exeunt::store::sqlite {
namespace {

using base::Result;
using base::Status;

constexpr std::uint64_t k_progress_every = 10'000;
constexpr const char* k_entries =
    "SELECT position,stream,case_seq,leaf,leaf_hash,payload,salt,before FROM entry WHERE tenant=? ORDER BY position";

class Verifier {
 public:
  Verifier(Connection& connection, std::int64_t tenant, const evidence::VerifierKey& key)
      : connection_(connection), tenant_(tenant), key_(key) {}

  Result<std::vector<std::string>> run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    EXEUNT_TRY(integrity());
    EXEUNT_TRY(entries(progress));
    EXEUNT_TRY(finish_log());
    EXEUNT_TRY(checkpoints_without_entries());
    EXEUNT_TRY(heads());
    intents();
    return std::move(findings_);
  }

 private:
  struct Stream {
    evidence::Folder folder;
    std::int64_t last_position = 0;
    bool broken = false;  // one finding a stream: what follows a broken entry cannot be judged
  };

  void find(std::string words) { findings_.push_back(std::move(words)); }

  Status integrity() {
    Query query(connection_, "PRAGMA integrity_check(20)");
    while (true) {
      EXEUNT_TRY_ASSIGN(const bool row, query.step());
      if (!row) return {};
      if (query.text_at(0) != "ok") find("database: " + std::string(query.text_at(0)));
    }
  }

  Status entries(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    EXEUNT_TRY_ASSIGN(const std::uint64_t of, count());
    Query query(connection_, k_entries);
    query.integer(tenant_);
    for (std::uint64_t done = 0;; ++done) {
      if (progress && done % k_progress_every == 0) progress(done, of);
      EXEUNT_TRY_ASSIGN(const bool row, query.step());
      if (!row) return {};
      const std::int64_t log = query.integer_at(0) >> k_log_shift;
      if (log != log_) {
        EXEUNT_TRY(finish_log());
        EXEUNT_TRY(begin_log(log));
      }
      EXEUNT_TRY(entry(query));
    }
  }

  Result<std::uint64_t> count() {
    Query query(connection_, "SELECT count(*) FROM entry WHERE tenant=?");
    EXEUNT_TRY(query.integer(tenant_).step());
    return static_cast<std::uint64_t>(query.integer_at(0));
  }

  Status begin_log(std::int64_t log) {
    log_ = log;
    tree_ = {};
    checkpoints_.clear();
    Query query(connection_, "SELECT size,note FROM checkpoint WHERE log=? ORDER BY size");
    query.integer(log);
    while (true) {
      EXEUNT_TRY_ASSIGN(const bool row, query.step());
      if (!row) return {};
      checkpoints_[static_cast<std::uint64_t>(query.integer_at(0))] = query.text_at(1);
    }
  }

  Status entry(Query& query) {
    const auto place = static_cast<std::uint64_t>(query.integer_at(0) - (log_ << k_log_shift));
    const std::string where = "entry " + std::to_string(place) + " of log " + std::to_string(log_);
    if (place != tree_.size()) find(where + ": entries before it are missing");
    const std::string_view leaf = query.text_at(3);
    const base::Hash32 hash = evidence::leaf_hash(leaf);
    const auto stored = query.blob_at(4);
    if (!std::equal(stored.begin(), stored.end(), hash.begin(), hash.end())) find(where + ": its bytes do not have the stored leaf hash");
    tree_.append(hash, [&](const Tile& tile) { check_tile(tile); });
    check_leaf(query, leaf, hash, where);
    const auto checkpoint = checkpoints_.find(tree_.size());
    if (checkpoint != checkpoints_.end()) check_checkpoint(checkpoint->second);
    return {};
  }

  void check_leaf(Query& query, std::string_view bytes, const base::Hash32& hash, const std::string& where) {
    if (const auto read = evidence::decode(bytes, leaf_); !read) return find(where + ": " + read.error().what);
    if (!query.is_null(5) && evidence::commit_payload(query.blob_at(6), query.text_at(5)) != leaf_.commit) {
      find(where + ": its payload is not the one that the leaf commits to");
    }
    if (static_cast<std::uint64_t>(query.integer_at(2)) != leaf_.case_seq) find(where + ": it is filed under another case_seq");
    Stream& stream = streams_[query.integer_at(1)];
    if (query.integer_at(7) != stream.last_position) find(where + ": it does not hang on its case's entry before it");
    stream.last_position = query.integer_at(0);
    if (stream.broken) return;
    if (auto applied = stream.folder.apply(leaf_, hash); !applied) {
      stream.broken = true;
      find(where + ": " + applied.error().what);
    }
  }

  void check_tile(const Tile& tile) {
    Query query(connection_, "SELECT root,hashes FROM tile WHERE log=? AND level=? AND number=?");
    const auto row = query.integer(log_).integer(tile.level).integer(static_cast<std::int64_t>(tile.number)).step();
    const std::string where = "tile " + std::to_string(tile.level) + "/" + std::to_string(tile.number);
    if (!row || !*row) return find(where + ": it is missing");
    const auto root = query.blob_at(0);
    if (!std::equal(root.begin(), root.end(), tile.root.begin(), tile.root.end())) find(where + ": its root is not that of the entries");
    const auto bytes = query.blob_at(1);
    bool same = bytes.size() == tile.hashes.size() * 32;
    for (std::size_t i = 0; same && i < tile.hashes.size(); ++i) {
      same = std::equal(tile.hashes[i].begin(), tile.hashes[i].end(), bytes.begin() + static_cast<std::ptrdiff_t>(32 * i));
    }
    if (!same) find(where + ": its hashes are not those of the entries");
  }

  void check_checkpoint(const std::string& note) {
    const std::string where = "checkpoint at size " + std::to_string(tree_.size()) + " of log " + std::to_string(log_);
    const std::size_t end = note.rfind("\n\n");
    const auto seen = evidence::parse_checkpoint_text(std::string_view(note).substr(0, end == std::string::npos ? 0 : end + 1));
    if (!seen) return find(where + ": " + seen.error().what);
    if (seen->size != tree_.size() || seen->root != tree_.frontier().root()) find(where + ": it is not of these entries");
    // An older log was signed by a key that is not known here any more; then only its root can be compared.
    if (seen->origin != key_.name) return;
    if (const auto text = evidence::open_note(note, {key_}); !text) find(where + ": " + text.error().what);
  }

  Status finish_log() {
    if (log_ == 0) return {};
    EXEUNT_TRY_ASSIGN(const TreeHead head, read_head(connection_, log_));
    const evidence::Frontier frontier = tree_.frontier();
    if (head.size != frontier.size() || head.root != frontier.root()) {
      find("log " + std::to_string(log_) + ": the stored frontier (size " + std::to_string(head.size) + ") is not that of its " +
           std::to_string(frontier.size()) + " entries");
    }
    if (!checkpoints_.empty() && checkpoints_.rbegin()->first > frontier.size()) {
      find("log " + std::to_string(log_) + ": a checkpoint was signed at size " + std::to_string(checkpoints_.rbegin()->first) +
           ", which it does not have");
    }
    return {};
  }

  // A log whose entries are all gone is not met while reading entries.
  Status checkpoints_without_entries() {
    Query query(connection_,
                "SELECT log,max(size) FROM checkpoint WHERE tenant=?1 AND size>0 AND log NOT IN (SELECT DISTINCT position>>40 FROM entry "
                "WHERE tenant=?1) GROUP BY log");
    query.integer(tenant_);
    while (true) {
      EXEUNT_TRY_ASSIGN(const bool row, query.step());
      if (!row) return {};
      find("log " + std::to_string(query.integer_at(0)) + ": it was signed at size " + std::to_string(query.integer_at(1)) +
           " and has no entries");
    }
  }

  // Every case's head is its newest entry: entries cut off at the end of a case show here and at the frontier.
  Status heads() {
    Query query(connection_, "SELECT stream,next_seq,last_position,case_id FROM stream WHERE tenant=?");
    query.integer(tenant_);
    while (true) {
      EXEUNT_TRY_ASSIGN(const bool row, query.step());
      if (!row) return {};
      const Stream& stream = streams_[query.integer_at(0)];
      const bool counted = stream.broken || stream.folder.state().entries == static_cast<std::uint64_t>(query.integer_at(1));
      if (!counted || stream.last_position != query.integer_at(2))
        find("case " + std::string(query.text_at(3)) + ": its head is not its newest entry");
    }
  }

  void intents() {
    for (const auto& [number, stream] : streams_) {
      for (const auto& [step, fold] : stream.folder.state().steps) {
        if (fold.state != model::StepState::intended) continue;
        find("case " + stream.folder.state().case_id + ", step " + step + ", attempt " + std::to_string(fold.attempt) +
             ": it was intended and has no outcome yet; `exeunt run` observes and decides");
      }
    }
  }

  Connection& connection_;
  std::int64_t tenant_;
  const evidence::VerifierKey& key_;
  std::int64_t log_ = 0;
  TileTree tree_;
  evidence::Leaf leaf_;                               // that is being looked at
  std::map<std::uint64_t, std::string> checkpoints_;  // of the log that is being read
  std::unordered_map<std::int64_t, Stream> streams_;
  std::vector<std::string> findings_;
};

}  // namespace

Result<std::vector<std::string>> SqliteStore::verify(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  EXEUNT_TRY_ASSIGN(Reader connection, reader());
  // One snapshot of the database for the whole of it, while others go on writing.
  EXEUNT_TRY((*connection).run("BEGIN"));
  auto findings = Verifier(*connection, log_.tenant, options_.verifier).run(progress);
  EXEUNT_TRY((*connection).run("COMMIT"));
  return findings;
}

}  // namespace exeunt::store::sqlite
