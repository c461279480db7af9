// evidence.append_per_s: leaves made, hashed and durable per second, 100 a commit. evidence.verify_ratio: what an auditor does with those
// entries (read strictly, hash, chain, fold, tree, compare with the signed root) against a bare SHA-256 loop of one leaf hash and one node
// hash for each, over the same bytes, in the same run. store.verified_per_s: the same and the whole database, read from the disk.
#include <openssl/evp.h>

#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "base/clock.hpp"
#include "bench/bench.hpp"
#include "evidence/fold.hpp"
#include "evidence/leaf.hpp"
#include "evidence/merkle.hpp"

namespace exeunt::bench {
namespace {

constexpr std::size_t k_entries_a_commit = 100;
constexpr std::size_t k_requests_in_flight = 8;
constexpr std::size_t k_cases = 64;

// The stream of one case: a probe and a change of path, as the engine writes most often.
class CaseWriter {
 public:
  CaseWriter(std::string case_id, base::Random& random, const base::Clock& clock)
      : case_id_(std::move(case_id)), random_(random), clock_(clock) {}

  base::Result<store::NewEntry> next() {
    evidence::Leaf leaf;
    leaf.tenant = "default";
    leaf.case_id = case_id_;
    leaf.case_seq = next_seq_;
    leaf.prev = prev_;
    leaf.t = clock_.now();
    leaf.actor = "p_01hf7yat00000000000000000a";
    leaf.system = "directory";
    leaf.target = "n_01hf7yat00000000000000000b";
    if (next_seq_ == 0) {
      leaf.kind = evidence::LeafKind::case_opened;
      leaf.subject = "p_01hf7yat00000000000000000c";
    } else {
      leaf.kind = evidence::LeafKind::probed;
      leaf.means = "gate";
      leaf.moment = "after";
      leaf.answer = "refused";
    }
    store::NewEntry entry;
    entry.case_id = model::CaseId(case_id_);
    entry.case_seq = next_seq_++;
    entry.salt.resize(32);
    random_.fill(entry.salt);
    entry.payload =
        R"({"node":"directory/account/5f0b1c6e-2c67-103f-8a53-fd1be4f3a2d1","words":"bind was refused: 49 invalidCredentials, accountLocked"})";
    leaf.commit = evidence::commit_payload(entry.salt, entry.payload);
    EXEUNT_TRY_ASSIGN(entry.leaf, evidence::encode(leaf));
    entry.leaf_hash = prev_ = evidence::leaf_hash(entry.leaf);
    return entry;
  }

 private:
  std::string case_id_;
  base::Random& random_;
  const base::Clock& clock_;
  std::uint64_t next_seq_ = 0;
  base::Hash32 prev_{};
};

// Lets a bounded number of requests be on their way and keeps the first error.
class InFlight {
 public:
  base::Status take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return count_ < k_requests_in_flight; });
    ++count_;
    return first_;
  }
  void give_back(const base::Status& status) {
    const std::lock_guard lock(mutex_);
    if (!status && first_) first_ = base::fail(status.error());
    --count_;
    changed_.notify_all();
  }
  base::Status drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return count_ == 0; });
    return first_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t count_ = 0;
  base::Status first_;
};

base::Result<double> append_for(const Settings& settings, store::Store& store, const base::Clock& clock, base::Random& random) {
  EXEUNT_TRY_ASSIGN(const store::Fence fence, store.acquire_lease("case/bench", "bench", base::Duration{3'600'000}));
  std::vector<CaseWriter> cases;
  for (std::size_t i = 0; i < k_cases; ++i) cases.emplace_back("c_01hf7yat0000000000000" + std::to_string(10'000 + i), random, clock);
  InFlight in_flight;
  std::size_t appended = 0;
  const Stopwatch watch;
  while (watch.seconds() < settings.seconds) {
    std::vector<store::NewEntry> entries;
    entries.reserve(k_entries_a_commit);
    for (std::size_t i = 0; i < k_entries_a_commit; ++i) {
      EXEUNT_TRY_ASSIGN(auto entry, cases[appended++ % k_cases].next());
      entries.push_back(std::move(entry));
    }
    EXEUNT_TRY(in_flight.take());
    store.append_async(std::move(entries), fence, [&](const base::Status& status) { in_flight.give_back(status); });
  }
  EXEUNT_TRY(in_flight.drain());
  return static_cast<double>(appended) / watch.seconds();
}

// Bare: what no verifier can do without. OpenSSL fetched once, no parsing, no database.
double bare_seconds(const std::vector<std::string>& leaves) {
  EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  unsigned char block[65] = {1};
  unsigned char hash[32] = {};
  const unsigned char zero = 0;
  const WorkWatch watch;
  for (const std::string& leaf : leaves) {
    EVP_DigestInit_ex2(context, digest, nullptr);
    EVP_DigestUpdate(context, &zero, 1);
    EVP_DigestUpdate(context, leaf.data(), leaf.size());
    EVP_DigestFinal_ex(context, hash, nullptr);
    std::copy_n(hash, 32, block + 1);
    EVP_DigestInit_ex2(context, digest, nullptr);
    EVP_DigestUpdate(context, block, sizeof block);
    EVP_DigestFinal_ex(context, block + 33, nullptr);
  }
  const double seconds = watch.seconds();
  EVP_MD_CTX_free(context);
  EVP_MD_free(digest);
  return seconds;
}

base::Result<double> audit_seconds(const std::vector<std::string>& leaves, const base::Hash32& root) {
  std::unordered_map<std::string, evidence::Folder> cases;
  evidence::Frontier frontier;
  evidence::Leaf leaf;
  const WorkWatch watch;
  for (const std::string& bytes : leaves) {
    EXEUNT_TRY(evidence::decode(bytes, leaf));
    const base::Hash32 hash = evidence::leaf_hash(bytes);
    EXEUNT_TRY(cases[leaf.case_id].apply(leaf, hash));
    frontier.append(hash);
  }
  if (frontier.root() != root) return base::fail(base::Code::data_loss, "the entries do not give the root of the journal");
  return watch.seconds();
}

base::Status run_evidence(const Settings& settings, base::JsonObject& figures) {
  const base::SystemClock clock;
  base::SystemRandom random;
  EXEUNT_TRY_ASSIGN(BenchStore bench, make_store(settings, "evidence", clock, random, k_entries_a_commit));
  EXEUNT_TRY_ASSIGN(const double appended_per_s, append_for(settings, *bench.store, clock, random));
  figures["evidence.append_per_s"] = appended_per_s;

  std::vector<std::string> leaves;
  while (true) {
    EXEUNT_TRY_ASSIGN(const auto page, bench.store->read_tree(leaves.size(), 10'000));
    for (const auto& entry : page) leaves.push_back(entry.leaf);
    if (page.size() < 10'000) break;
  }
  const Stopwatch watch;
  EXEUNT_TRY_ASSIGN(const auto findings, bench.store->verify({}));
  const double verified = watch.seconds();
  if (!findings.empty()) return base::fail(base::Code::data_loss, "the journal that was just written does not verify: " + findings.front());
  EXEUNT_TRY_ASSIGN(const auto head, bench.store->tree_head());
  // Processor time, the best of three each: the ratio is about the work, not about what else the machine was doing.
  double bare = bare_seconds(leaves);
  EXEUNT_TRY_ASSIGN(double audited, audit_seconds(leaves, head.root));
  for (int again = 0; again < 2; ++again) {
    bare = std::min(bare, bare_seconds(leaves));
    EXEUNT_TRY_ASSIGN(const double seconds, audit_seconds(leaves, head.root));
    audited = std::min(audited, seconds);
  }
  figures["evidence.verify_ratio"] = bare / audited;
  figures["evidence.verified_per_s"] = static_cast<double>(leaves.size()) / audited;
  figures["store.verified_per_s"] = static_cast<double>(leaves.size()) / verified;
  return {};
}

const bool registered = register_part("evidence", run_evidence);

}  // namespace
}  // namespace exeunt::bench
