#include "store/case_stream.hpp"

#include <utility>

#include "evidence/merkle.hpp"

namespace exeunt::store {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr base::Duration k_lease_time{30'000};  // keep_lease is called every 10 s: two may be missed
constexpr std::size_t k_page = 1'000;
constexpr std::size_t k_salt_bytes = 32;
constexpr std::uint64_t k_snapshot_every = 256;
constexpr std::uint64_t k_entries_worth_a_path = 4;  // reading one path of a snapshot costs about as much as folding so many entries

// A snapshot only saves time: one that does not fit the journal, or that this binary cannot read, is as good as none.
evidence::Folder from_snapshot(Store& store, const model::CaseId& case_id) {
  const auto stored = store.snapshot(case_id);
  if (!stored || !*stored) return {};
  auto folder = evidence::Folder::restore((*stored)->second);
  if (!folder || folder->state().entries == 0 || folder->state().case_id != case_id.text()) return {};
  const auto last = store.read_case(case_id, folder->state().entries - 1, 1);
  if (!last || last->size() != 1 || evidence::leaf_hash(last->front().leaf) != folder->state().head) return {};
  return std::move(*folder);
}

Result<evidence::Folder> load(Store& store, const model::CaseId& case_id) {
  evidence::Folder folder = from_snapshot(store, case_id);
  evidence::Leaf leaf;
  while (true) {
    EXEUNT_TRY_ASSIGN(const auto page, store.read_case(case_id, folder.state().entries, k_page));
    for (const StoredEntry& entry : page) {
      EXEUNT_TRY(evidence::decode(entry.leaf, leaf));
      EXEUNT_TRY(folder.apply(leaf, evidence::leaf_hash(entry.leaf)));
    }
    if (page.size() < k_page) return folder;
  }
}

}  // namespace

CaseStream::CaseStream(Store& store, const base::Clock& clock, base::Random& random, model::TenantId tenant, model::CaseId case_id,
                       Fence fence)
    : store_(store), clock_(clock), random_(random), tenant_(std::move(tenant)), case_id_(std::move(case_id)), fence_(std::move(fence)) {}

Result<std::unique_ptr<CaseStream>> CaseStream::open(Store& store, const base::Clock& clock, base::Random& random,
                                                     const model::TenantId& tenant, const model::CaseId& case_id, std::string_view owner) {
  EXEUNT_TRY_ASSIGN(Fence fence, store.acquire_lease("case/" + case_id.text(), owner, k_lease_time));
  // From here on its destructor gives the lease back.
  auto stream = std::unique_ptr<CaseStream>(new CaseStream(store, clock, random, tenant, case_id, std::move(fence)));
  EXEUNT_TRY_ASSIGN(stream->folder_, load(store, case_id));
  stream->snapshot_at_ = stream->folder_.state().entries;
  return stream;
}

CaseStream::~CaseStream() {
  {
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [this] { return !on_its_way_; });
  }
  const auto& state = folder_.state();
  const std::uint64_t fresh = state.entries - snapshot_at_;
  if (broken_ && fresh >= k_snapshot_every && state.entries >= k_entries_worth_a_path * state.paths.size()) {
    static_cast<void>(store_.put_snapshot(case_id_, state.entries - 1, folder_.snapshot()));
  }
  // What fails here runs out by itself.
  static_cast<void>(store_.release_lease(fence_));
}

Result<NewEntry> CaseStream::make_entry(evidence::Leaf leaf, base::Bytes salt, std::string payload) {
  EXEUNT_TRY(broken_);
  NewEntry entry;
  entry.case_id = case_id_;
  entry.case_seq = folder_.state().entries;
  entry.salt = std::move(salt);
  entry.payload = std::move(payload);
  leaf.case_seq = entry.case_seq;
  leaf.prev = folder_.state().head;
  if (leaf.t == base::Time{}) leaf.t = clock_.now();
  EXEUNT_TRY_ASSIGN(entry.leaf, evidence::encode(leaf));
  entry.leaf_hash = evidence::leaf_hash(entry.leaf);
  if (auto applied = folder_.apply(leaf, entry.leaf_hash); !applied) {
    return base::fail(Code::failed_precondition, applied.error().what, "nothing was written; re-read the case, then decide again");
  }
  return entry;
}

Status CaseStream::hand_over(evidence::Leaf leaf, std::string payload, Store::Done done) {
  base::Bytes salt(k_salt_bytes);
  random_.fill(salt);
  leaf.v = 1;
  leaf.tenant = tenant_.text();
  leaf.case_id = case_id_.text();
  leaf.commit = evidence::commit_payload(salt, payload);
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    EXEUNT_TRY_ASSIGN(NewEntry entry, make_entry(std::move(leaf), std::move(salt), std::move(payload)));
    waiting_.entries.push_back(std::move(entry));
    if (done) waiting_.dones.push_back(std::move(done));
    if (on_its_way_) return {};
    on_its_way_ = true;
    batch = std::exchange(waiting_, {});
  }
  send(std::move(batch));
  return {};
}

void CaseStream::send(Batch batch) {
  store_.append_async(std::move(batch.entries), fence_,
                      [this, dones = std::move(batch.dones)](const Status& status) { landed(dones, status); });
}

void CaseStream::landed(const std::vector<Store::Done>& dones, const Status& status) {
  Batch next;
  std::vector<Store::Done> refused;
  {
    const std::lock_guard lock(mutex_);
    if (!status) {
      // The fold is ahead of the store now, and what was said after it would not follow there: nothing more is written (fail closed).
      broken_ = base::fail(status.error().code, status.error().what, status.error().next);
      ahead_ = true;
      refused = std::exchange(waiting_, {}).dones;
    }
    next = std::exchange(waiting_, {});
    on_its_way_ = !next.entries.empty();
    // Before anybody hears of it: whoever waited then sees a stream in which the entry is no longer on its way. After this line the stream
    // may be gone, unless a next batch holds it.
    if (!on_its_way_) settled_.notify_all();
  }
  if (!next.entries.empty()) send(std::move(next));
  for (const auto& done : dones) done(status);
  for (const auto& done : refused) done(status);
}

void CaseStream::append_async(evidence::Leaf leaf, std::string payload, Store::Done done) {
  // Shared, for it is called in one of two places: here for an entry that is wrong in itself, by the store for all others.
  const auto once = std::make_shared<Store::Done>(std::move(done));
  if (auto handed = hand_over(std::move(leaf), std::move(payload), [once](Status status) { (*once)(std::move(status)); }); !handed)
    (*once)(std::move(handed));
}

Status CaseStream::append_later(evidence::Leaf leaf, Payload payload) {
  return hand_over(std::move(leaf), std::move(payload).release(), {});
}

Status CaseStream::wait_until_durable() {
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [this] { return !on_its_way_; });
  return broken_;
}

Status CaseStream::append(evidence::Leaf leaf, Payload payload) {
  struct Waiter {
    std::mutex mutex;
    std::condition_variable finished;
    std::optional<Status> result;
  };
  // Shared, so that the writer can wake us after it let go of the lock that we then want.
  const auto waiter = std::make_shared<Waiter>();
  EXEUNT_TRY(hand_over(std::move(leaf), std::move(payload).release(), [waiter](Status status) {
    {
      const std::lock_guard lock(waiter->mutex);
      waiter->result = std::move(status);
    }
    waiter->finished.notify_one();
  }));
  std::unique_lock lock(waiter->mutex);
  waiter->finished.wait(lock, [&] { return waiter->result.has_value(); });
  return std::move(*waiter->result);
}

// After a failed write the fold counts entries that are not stored; what is stored is read again the next time somebody looks.
const evidence::CaseFold& CaseStream::current() const {
  if (ahead_ && !on_its_way_) {
    if (auto stored = load(store_, case_id_)) {
      folder_ = std::move(*stored);
      ahead_ = false;
    }
  }
  return folder_.state();
}

evidence::CaseFold CaseStream::state() const {
  const std::lock_guard lock(mutex_);
  return current();
}

Status CaseStream::keep_lease() { return store_.renew_lease(fence_, k_lease_time); }

Result<evidence::Folder> fold_case(Store& store, const model::CaseId& case_id) {
  EXEUNT_TRY_ASSIGN(evidence::Folder folder, load(store, case_id));
  if (folder.state().entries == 0)
    return base::fail(Code::not_found, "case " + case_id.text() + ": there is none", "`exeunt status` lists the cases");
  return folder;
}

}  // namespace exeunt::store
