// The one writer of a database: a thread that commits what is waiting as one transaction (group commit).
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"
#include "store/tile_tree.hpp"

namespace exeunt::store::sqlite {

struct LeaseRow {
  std::int64_t token = 0;
  std::string owner;         // empty: free
  base::Duration expires{};  // on the clock's steady scale
};

class Writer {
 public:
  /// Runs in the writer's transaction, on its thread; its own failure undoes only what it did.
  using Task = std::function<base::Status(Connection&)>;

  [[nodiscard]] static base::Result<std::unique_ptr<Writer>> start(std::unique_ptr<Connection> connection, std::int64_t tenant,
                                                                   std::int64_t log, std::size_t entries_max);
  ~Writer() { stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void append(std::vector<NewEntry> entries, Fence fence, Store::Done done);
  [[nodiscard]] base::Status perform(Task task);  // blocks until it is durable
  void stop();                                    // commits what is waiting, then ends the thread

  // Only from a task, or after stop().
  [[nodiscard]] const TileTree& tree() const { return tree_; }
  [[nodiscard]] std::unordered_map<std::string, LeaseRow>& leases() { return leases_; }
  [[nodiscard]] base::Status is_newest(const Fence& fence) const;

 private:
  struct Request {
    std::vector<NewEntry> entries;
    Fence fence;
    Store::Done done;
    Task task;  // set: not an append
    base::Status result;
    Request(std::vector<NewEntry> what, Fence under, Store::Done then, Task other)
        : entries(std::move(what)), fence(std::move(under)), done(std::move(then)), task(std::move(other)) {}
    Request(Request&&) noexcept = default;  // so that a queue that grows moves them
    Request& operator=(Request&&) noexcept = default;
  };
  struct StreamHead {
    std::int64_t stream = 0;
    std::uint64_t next_seq = 0;
    std::int64_t last_position = 0;  // 0: no entry yet
    bool changed = false;            // in this transaction
  };

  Writer(std::unique_ptr<Connection> connection, std::int64_t tenant, std::int64_t log, std::size_t entries_max)
      : connection_(std::move(connection)), tenant_(tenant), log_(log), entries_max_(entries_max) {}
  void submit(Request request);
  void loop();
  void commit_group(std::span<Request> group);
  [[nodiscard]] base::Status write_group(std::span<Request> group);
  [[nodiscard]] base::Status write_entries(Request& request);
  [[nodiscard]] base::Status write_entry(const NewEntry& entry, StreamHead& head);
  [[nodiscard]] base::Status write_heads();
  [[nodiscard]] base::Status run_task(Request& request);
  [[nodiscard]] base::Result<StreamHead*> head_of(const model::CaseId& case_id);
  [[nodiscard]] base::Status load();

  std::unique_ptr<Connection> connection_;
  std::int64_t tenant_;
  std::int64_t log_;
  std::size_t entries_max_;
  TileTree tree_;
  std::unordered_map<std::string, StreamHead> heads_;
  std::vector<StreamHead*> changed_;  // heads to be written in this transaction
  std::unordered_map<std::string, LeaseRow> leases_;
  base::Status broken_;  // set: what is on the disk is not known; nothing is written until the store is opened again

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Request> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace exeunt::store::sqlite
