// The SQLite driver of store/store.hpp: WAL, synchronous=FULL, one writer thread with group commit, readers on connections of their own.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/file.hpp"
#include "store/open.hpp"
#include "store/sqlite/budgets.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/place.hpp"
#include "store/sqlite/writer.hpp"

namespace exeunt::store::sqlite {

[[nodiscard]] base::Status create(const OpenOptions& options, base::Random& random);

class SqliteStore final : public Store {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<SqliteStore>> open(const OpenOptions& options, const base::Clock& clock,
                                                                       base::Random& random);
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  void append_async(std::vector<NewEntry> entries, const Fence& fence, Done done) override;
  base::Result<std::vector<StoredEntry>> read_case(const model::CaseId& case_id, std::uint64_t from_seq, std::size_t limit) override;
  base::Result<std::vector<StoredEntry>> read_tree(std::uint64_t from_index, std::size_t limit) override;
  base::Result<TreeHead> tree_head() override;
  base::Result<std::vector<base::Hash32>> leaf_hashes(std::uint64_t from, std::uint64_t to) override;

  base::Result<Fence> acquire_lease(std::string_view name, std::string_view owner, base::Duration time_to_live) override;
  base::Status renew_lease(const Fence& fence, base::Duration time_to_live) override;
  base::Status release_lease(const Fence& fence) override;

  base::Status put_timer(const Timer& timer) override;
  base::Result<std::vector<Timer>> timers(std::optional<model::CaseId> case_id) override;
  base::Status drop_timer(std::string_view name) override;

  base::Status put_case(const CaseRow& row) override;
  base::Result<std::vector<CaseRow>> cases() override;
  base::Result<CaseRow> find_case(const model::CaseId& case_id) override;
  base::Status put_document(std::string_view kind, std::string_view key, std::string_view bytes) override;
  base::Result<std::string> document(std::string_view kind, std::string_view key) override;
  base::Result<std::vector<std::string>> document_keys(std::string_view kind) override;
  base::Status put_sealed(const model::CaseId& case_id, std::string_view key, const base::Bytes& sealed) override;
  base::Result<base::Bytes> sealed(const model::CaseId& case_id, std::string_view key) override;
  base::Status drop_sealed(const model::CaseId& case_id) override;
  base::Result<model::Reference> reference(std::string_view prefix, std::string_view value, std::string_view label) override;
  base::Result<Referent> referent(const model::Reference& reference) override;
  base::Status put_snapshot(const model::CaseId& case_id, std::uint64_t case_seq, std::string_view bytes) override;
  base::Result<std::optional<std::pair<std::uint64_t, std::string>>> snapshot(const model::CaseId& case_id) override;
  base::Status put_register(std::string_view key, std::string_view value) override;
  base::Result<std::optional<std::string>> get_register(std::string_view key) override;

  base::Result<BudgetGrant> take_budget(std::string_view bucket, double calls_per_second, double burst, double reserve, bool urgent,
                                        int wanted) override;
  base::Result<std::string> sign_checkpoint(const evidence::SigningKey& key, const Fence& fence) override;
  base::Result<std::optional<std::string>> last_checkpoint() override;
  base::Result<std::vector<std::string>> verify(const std::function<void(std::uint64_t, std::uint64_t)>& progress) override;

  /// `exeunt log succeed`: a new log under `key`, whose first entry names the old one; the place where the database lies now is its own.
  [[nodiscard]] base::Status succeed(const evidence::SigningKey& key, std::string_view reason);

 private:
  // A connection for one reading call; goes back to the pool.
  class Reader {
   public:
    Reader(SqliteStore& store, std::unique_ptr<Connection> connection) : store_(store), connection_(std::move(connection)) {}
    Reader(Reader&&) = default;
    ~Reader();
    Connection& operator*() { return *connection_; }

   private:
    SqliteStore& store_;
    std::unique_ptr<Connection> connection_;
  };

  SqliteStore(OpenOptions options, const base::Clock& clock, base::Random& random)
      : options_(std::move(options)), clock_(clock), random_(random), budgets_(clock) {}
  [[nodiscard]] base::Status prepare();  // everything that opening checks
  [[nodiscard]] base::Status start_writing(std::unique_ptr<Connection> connection);
  [[nodiscard]] base::Status finish_writing();
  [[nodiscard]] base::Status bump_epoch(Connection& connection, bool clean);
  [[nodiscard]] base::Status write(Writer::Task task);
  [[nodiscard]] base::Result<Reader> reader();
  [[nodiscard]] base::Status keep_copy(const std::string& note, std::uint64_t size);

  OpenOptions options_;
  const base::Clock& clock_;
  base::Random& random_;
  std::optional<base::FileLock> lock_;
  LogRow log_;             // as it was at opening; the compare-and-set reads it anew
  base::Status writable_;  // an error: why nothing may be written
  Budgets budgets_;
  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<Connection>> idle_readers_;
  std::mutex copy_mutex_;
  std::uint64_t copy_size_ = 0;  // of the checkpoint that the copy holds
  bool copy_written_ = false;
  std::unique_ptr<Writer> writer_;  // last: its thread ends first
};

}  // namespace exeunt::store::sqlite
