// The store's port: journal, tree, leases, timers and the tables beside them. A driver is done when store/conformance.hpp passes.
// One writer at a time per case (fenced lease), group commit, durable on return. Drivers: SQLite (store/sqlite/); PostgreSQL later.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "evidence/note.hpp"
#include "model/ids.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::store {

struct Fence {             // proof of a lease; every append under a lease carries it
  std::string lease;       // "case/<id>", "sign"
  std::int64_t token = 0;  // grows with every acquisition
};

struct NewEntry {
  model::CaseId case_id;
  std::uint64_t case_seq = 0;
  std::string leaf;          // exact bytes (evidence::encode)
  base::Hash32 leaf_hash{};  // evidence::leaf_hash(leaf)
  base::Bytes salt;          // 32 bytes
  std::string payload;       // JSON for people; may be empty
};
struct StoredEntry {
  std::uint64_t tree_index = 0;
  std::uint64_t case_seq = 0;
  model::CaseId case_id;
  std::string leaf;
  std::optional<std::string> payload;  // nullopt: erased
  base::Bytes salt;
};

struct Timer {
  std::string name;  // "settle/<case>/<target>", unique
  model::CaseId case_id;
  base::Time due{};
  std::string what;  // JSON for its owner
};

struct TreeHead {
  std::uint64_t size = 0;
  base::Hash32 root{};
};

struct CaseRow {  // an index, not evidence: rebuilt from the fold by `doctor`
  model::CaseId id;
  model::PersonId subject;
  std::string subject_label;
  model::CaseState state = model::CaseState::draft;
  base::Time opened{};
};

class Store {
 public:
  virtual ~Store() = default;

  // --- journal. Durable when `done` is called with ok / when append returns. Entries of one call are committed together, in order.
  // aborted: the fence is not the lease's newest, or case_seq does not follow the stored head (another writer). resource_exhausted:
  // disk full: nothing was written, every later append fails the same until there is room. data_loss: the database is corrupt.
  using Done = std::function<void(base::Status)>;  // called once, from the store's writer thread; must not block
  virtual void append_async(std::vector<NewEntry> entries, const Fence& fence, Done done) = 0;
  [[nodiscard]] base::Status append(std::vector<NewEntry> entries, const Fence& fence);  // blocking form
  [[nodiscard]] virtual base::Result<std::vector<StoredEntry>> read_case(const model::CaseId& case_id, std::uint64_t from_seq,
                                                                         std::size_t limit) = 0;
  [[nodiscard]] virtual base::Result<std::vector<StoredEntry>> read_tree(std::uint64_t from_index, std::size_t limit) = 0;
  [[nodiscard]] virtual base::Result<TreeHead> tree_head() = 0;
  [[nodiscard]] virtual base::Result<std::vector<base::Hash32>> leaf_hashes(std::uint64_t from, std::uint64_t to) = 0;

  // --- leases: (name, owner) until expiry on the monotonic-ish wall clock of the caller; acquire by another owner fails (aborted) until then.
  [[nodiscard]] virtual base::Result<Fence> acquire_lease(std::string_view name, std::string_view owner, base::Duration time_to_live) = 0;
  [[nodiscard]] virtual base::Status renew_lease(const Fence& fence, base::Duration time_to_live) = 0;  // aborted: it was lost
  [[nodiscard]] virtual base::Status release_lease(const Fence& fence) = 0;

  // --- timers: put replaces by name; due ones are read, not removed, until `drop_timer`.
  [[nodiscard]] virtual base::Status put_timer(const Timer& timer) = 0;
  [[nodiscard]] virtual base::Result<std::vector<Timer>> timers(std::optional<model::CaseId> case_id) = 0;
  [[nodiscard]] virtual base::Status drop_timer(std::string_view name) = 0;

  // --- beside the journal. All durable on return.
  [[nodiscard]] virtual base::Status put_case(const CaseRow& row) = 0;  // insert or replace
  [[nodiscard]] virtual base::Result<std::vector<CaseRow>> cases() = 0;
  [[nodiscard]] virtual base::Result<CaseRow> find_case(const model::CaseId& case_id) = 0;
  [[nodiscard]] virtual base::Status put_document(
      std::string_view kind, std::string_view key,
      std::string_view
          bytes) = 0;  // "plan"/digest, "catalogue"/digest, "policy"/digest, "signature"/…; replacing other bytes under the same key: already_exists
  [[nodiscard]] virtual base::Result<std::string> document(std::string_view kind, std::string_view key) = 0;
  [[nodiscard]] virtual base::Result<std::vector<std::string>> document_keys(std::string_view kind) = 0;
  [[nodiscard]] virtual base::Status put_sealed(const model::CaseId& case_id, std::string_view key,
                                                const base::Bytes& sealed) = 0;  // first value wins; a repeat is ok and keeps it
  [[nodiscard]] virtual base::Result<base::Bytes> sealed(const model::CaseId& case_id, std::string_view key) = 0;
  [[nodiscard]] virtual base::Status drop_sealed(const model::CaseId& case_id) = 0;
  /// The random reference of a person or node ("p", "HR id" / "n", node id); made at first use, durable, erasable.
  [[nodiscard]] virtual base::Result<model::Reference> reference(std::string_view prefix, std::string_view value,
                                                                 std::string_view label) = 0;
  struct Referent {
    std::string value;
    std::string label;
  };
  [[nodiscard]] virtual base::Result<Referent> referent(const model::Reference& reference) = 0;  // not_found: erased or never made
  [[nodiscard]] virtual base::Status put_snapshot(const model::CaseId& case_id, std::uint64_t case_seq, std::string_view bytes) = 0;
  [[nodiscard]] virtual base::Result<std::optional<std::pair<std::uint64_t, std::string>>> snapshot(const model::CaseId& case_id) = 0;
  /// A small durable register for the tenant ("halt", "blast/<window>"): nullopt when absent.
  [[nodiscard]] virtual base::Status put_register(std::string_view key, std::string_view value) = 0;
  [[nodiscard]] virtual base::Result<std::optional<std::string>> get_register(std::string_view key) = 0;

  // --- budgets: a token bucket for (system, credential), shared by processes. Takes up to `wanted` whole calls at once (the engine takes
  // blocks so that not every call costs a commit); granted 0: `wait` says how long until one is there. `reserve` (0..1) of the burst is
  // left to urgent takers.
  struct BudgetGrant {
    int granted = 0;
    base::Duration wait{0};
  };
  [[nodiscard]] virtual base::Result<BudgetGrant> take_budget(std::string_view bucket, double calls_per_second, double burst,
                                                              double reserve, bool urgent, int wanted) = 0;

  // --- checkpoints (architecture §8 "nobody signs two histories"): signs the present head after a compare-and-set from the last signed
  // (size, root), writes the copy outside the store, returns the note. aborted: another holder signed. data_loss: the log does not extend the last one.
  [[nodiscard]] virtual base::Result<std::string> sign_checkpoint(const evidence::SigningKey& key, const Fence& fence) = 0;
  [[nodiscard]] virtual base::Result<std::optional<std::string>> last_checkpoint() = 0;

  /// Everything that can be checked: database integrity, prev chains, leaf hashes, tree against frontier, checkpoint against tree, commits
  /// against payloads, outcome for every intent. One line a finding; empty: sound. `progress(done, of)` is called now and then.
  [[nodiscard]] virtual base::Result<std::vector<std::string>> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) = 0;
};

}  // namespace exeunt::store
