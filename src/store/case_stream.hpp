// The one writer of a case: numbers, chains, commits and folds its entries. Hold it only while you hold the case's lease.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/random.hpp"
#include "evidence/fold.hpp"
#include "evidence/leaf.hpp"
#include "store/payload.hpp"
#include "store/store.hpp"

namespace exeunt::store {

class CaseStream {
 public:
  /// Acquires the lease "case/<id>" (aborted: another process runs this case), folds the stream (from a snapshot where there is one).
  [[nodiscard]] static base::Result<std::unique_ptr<CaseStream>> open(Store& store, const base::Clock& clock, base::Random& random,
                                                                      const model::TenantId& tenant, const model::CaseId& case_id,
                                                                      std::string_view owner);
  ~CaseStream();  // releases the lease

  /// Fills v, tenant, case, case_seq, prev, t (when unset), commit; checks the transition by folding; durable on return. On error the
  /// fold is as before and, unless it was a check, the stream is closed for writing (fail closed): every later append fails.
  [[nodiscard]] base::Status append(evidence::Leaf leaf, Payload payload);
  [[nodiscard]] base::Status append(evidence::Leaf leaf, const base::JsonObject& payload) {
    return append(std::move(leaf), Payload(payload));
  }
  /// The same without waiting: entries of one stream stay in order; `done` runs on the store's writer thread. A later `append` is durable
  /// only after all earlier ones are.
  void append_async(evidence::Leaf leaf, std::string payload, Store::Done done);
  /// Checked and numbered at once, durable with the next waited entry at the latest; when its write fails, that one fails too.
  [[nodiscard]] base::Status append_later(evidence::Leaf leaf, Payload payload);
  /// Blocks until nothing is on its way; the error of the first write that failed.
  [[nodiscard]] base::Status wait_until_durable();
  [[nodiscard]] evidence::CaseFold state() const;  // a copy; thread-safe
  /// Looks at the fold in place, under the stream's lock: quick, and without calling back into the stream.
  template <class Look>
  void inspect(Look look) const {
    const std::lock_guard lock(mutex_);
    look(current());
  }
  [[nodiscard]] const model::CaseId& case_id() const { return case_id_; }
  [[nodiscard]] base::Status keep_lease();  // call at least every 10 s

 private:
  CaseStream(Store& store, const base::Clock& clock, base::Random& random, model::TenantId tenant, model::CaseId case_id, Fence fence);
  /// Entries in order and who waits for them; `dones` are fewer: most entries are waited for by nobody.
  struct Batch {
    std::vector<NewEntry> entries;
    std::vector<Store::Done> dones;
  };
  /// What is wrong with the entry itself; `done` is called only when there is nothing wrong with it.
  [[nodiscard]] base::Status hand_over(evidence::Leaf leaf, std::string payload, Store::Done done);
  /// Under the lock: applied to the fold. `salt` and `leaf.commit` are there already.
  [[nodiscard]] base::Result<NewEntry> make_entry(evidence::Leaf leaf, base::Bytes salt, std::string payload);
  void send(Batch batch);
  void landed(const std::vector<Store::Done>& dones, const base::Status& status);  // on the store's writer thread
  [[nodiscard]] const evidence::CaseFold& current() const;                         // under the lock
  Store& store_;
  const base::Clock& clock_;
  base::Random& random_;
  model::TenantId tenant_;
  model::CaseId case_id_;
  Fence fence_;
  mutable std::mutex mutex_;  // everything below
  std::condition_variable settled_;
  mutable evidence::Folder folder_;
  mutable bool ahead_ = false;  // the fold counts entries whose write failed
  // One batch is on its way at a time, and what is said meanwhile is the next one: entries keep their order, and the writer is asked once for
  // all of them.
  bool on_its_way_ = false;
  Batch waiting_;
  std::uint64_t snapshot_at_ = 0;
  base::Status broken_;
};

/// Folds a case without taking its lease (status, record).
[[nodiscard]] base::Result<evidence::Folder> fold_case(Store& store, const model::CaseId& case_id);

}  // namespace exeunt::store
