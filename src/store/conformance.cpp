#include "store/conformance.hpp"

#include <atomic>
#include <latch>
#include <thread>

#include "evidence/leaf.hpp"
#include "evidence/merkle.hpp"

namespace exeunt::store {
namespace {

using base::Code;
using base::Duration;
using base::Status;

constexpr Duration k_lease{10'000};

class Suite {
 public:
  explicit Suite(ConformanceBench& bench) : bench_(bench) {}

  Conformance run() {
    each("journal", &Suite::journal);
    each("order", &Suite::order);
    each("fence", &Suite::fence);
    each("together", &Suite::together);
    each("many writers", &Suite::many_writers);
    each("tree", &Suite::tree);
    each("leases", &Suite::leases);
    each("timers", &Suite::timers);
    each("cases", &Suite::cases);
    each("documents", &Suite::documents);
    each("sealed", &Suite::sealed);
    each("references", &Suite::references);
    each("registers", &Suite::registers);
    each("snapshots", &Suite::snapshots);
    each("budgets", &Suite::budgets);
    each("checkpoints", &Suite::checkpoints);
    return std::move(out_);
  }

 private:
  void each(const char* part, void (Suite::*check)()) {
    part_ = part;
    next_seq_ = 0;
    prev_ = {};
    auto store = bench_.fresh();
    expect(store.has_value(), "a fresh store opens", store ? "" : store.error().text());
    if (!store) return;
    store_ = *store;
    (this->*check)();
    const auto found = store_->verify({});
    expect(found && found->empty(), "the store is sound afterwards", found ? (found->empty() ? "" : found->front()) : found.error().text());
  }
  void expect(bool held, const std::string& what, const std::string& detail = {}) {
    ++out_.checks;
    if (!held) out_.findings.push_back(part_ + ": not so: " + what + (detail.empty() ? "" : " (" + detail + ")"));
  }
  void expect_ok(const Status& status, const std::string& what) { expect(status.has_value(), what, status ? "" : status.error().text()); }
  void expect_code(const Status& status, Code code, const std::string& what) {
    expect(!status && status.error().code == code, what, status ? "it was ok" : status.error().text());
  }
  template <class T>
  static Status status_of(const base::Result<T>& result) {
    if (result) return {};
    return base::fail(result.error());
  }
  void reopen() {
    auto store = bench_.reopened();
    expect(store.has_value(), "it opens again", store ? "" : store.error().text());
    if (store) store_ = *store;
  }

  static NewEntry entry_of(const std::string& case_id, std::uint64_t case_seq, const base::Hash32& prev) {
    NewEntry entry;
    entry.case_id = model::CaseId(case_id);
    entry.case_seq = case_seq;
    entry.salt.assign(32, static_cast<std::uint8_t>(case_seq));
    entry.payload = "{\"n\":" + std::to_string(case_seq) + "}";
    evidence::Leaf leaf;
    leaf.tenant = "default";
    leaf.case_id = case_id;
    leaf.case_seq = case_seq;
    leaf.prev = prev;
    leaf.kind = evidence::LeafKind::noted;
    leaf.commit = evidence::commit_payload(entry.salt, entry.payload);
    entry.leaf = evidence::encode(leaf).value_or("");
    entry.leaf_hash = evidence::leaf_hash(entry.leaf);
    return entry;
  }
  std::vector<NewEntry> some(std::size_t count) {
    std::vector<NewEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
      entries.push_back(entry_of("c_a", next_seq_++, prev_));
      prev_ = entries.back().leaf_hash;
    }
    return entries;
  }
  Fence acquired(const std::string& name, const std::string& owner = "a") {
    auto fence = store_->acquire_lease(name, owner, k_lease);
    expect_ok(status_of(fence), "lease " + name + " is acquired by " + owner);
    return fence ? *fence : Fence{};
  }

  void journal() {
    const Fence fence = acquired("case/c_a");
    expect_ok(store_->append(some(3), fence), "three entries are appended");
    expect_ok(store_->append(some(600), fence), "six hundred are appended at once");
    const auto check = [&] {
      const auto page = store_->read_case(model::CaseId("c_a"), 250, 10);
      expect(page && page->size() == 10 && page->front().case_seq == 250 && page->back().case_seq == 259,
             "a page in the middle is that page");
      const auto last = store_->read_case(model::CaseId("c_a"), 600, 100);
      expect(last && last->size() == 3 && last->back().payload == "{\"n\":602}" && last->back().salt.size() == 32,
             "the last page ends at the head");
      const auto past = store_->read_case(model::CaseId("c_a"), 603, 10);
      expect(past && past->empty(), "past the head there is nothing");
      const auto unknown = store_->read_case(model::CaseId("c_none"), 0, 10);
      expect(unknown && unknown->empty(), "a case without entries has none");
      const auto tree_page = store_->read_tree(100, 5);
      expect(tree_page && tree_page->size() == 5 && tree_page->front().tree_index == 100 && tree_page->front().case_id.text() == "c_a",
             "the tree is read in its order");
    };
    check();
    reopen();
    check();
  }

  void order() {
    const Fence fence = acquired("case/c_a");
    expect_ok(store_->append(some(2), fence), "entries 0 and 1");
    expect_code(store_->append({entry_of("c_a", 5, prev_)}, fence), Code::aborted, "a gap is refused");
    expect_code(store_->append({entry_of("c_a", 1, prev_)}, fence), Code::aborted, "a repeat is refused");
    std::vector<NewEntry> half = {entry_of("c_a", 2, prev_), entry_of("c_a", 9, prev_)};
    expect_code(store_->append(std::move(half), fence), Code::aborted, "entries of one call come together or not at all");
    const auto head = store_->tree_head();
    expect(head && head->size == 2, "what was refused left nothing");
    expect_ok(store_->append(some(1), fence), "the entry that follows is taken");
  }

  void fence() {
    const Fence first = acquired("case/c_a");
    expect_ok(store_->append(some(1), first), "the holder appends");
    bench_.advance(k_lease + Duration{1});
    const Fence second = acquired("case/c_a", "b");
    expect(second.token > first.token, "a token only grows");
    expect_code(store_->append({entry_of("c_a", 1, prev_)}, first), Code::aborted, "the old holder's append is refused");
    expect_code(store_->append({entry_of("c_a", 1, prev_)}, Fence{"case/never", 1}), Code::aborted, "a fence that never was is refused");
    expect_ok(store_->append(some(1), second), "the new holder appends");
    reopen();
    expect_code(store_->append({entry_of("c_a", 2, prev_)}, first), Code::aborted, "the old fence is refused after opening too");
    expect(acquired("case/c_a", "c").token > second.token, "a token grows over openings");
  }

  void together() {
    const Fence fence = acquired("case/c_a");
    constexpr int k_count = 500;
    std::latch all(k_count);
    std::atomic<int> ok{0};
    std::atomic<bool> ordered{true};
    std::atomic<int> last{-1};
    for (int i = 0; i < k_count; ++i) {
      store_->append_async(some(1), fence, [&, i](const Status& status) {
        if (last.exchange(i) != i - 1) ordered = false;
        if (status) ++ok;
        all.count_down();
      });
    }
    all.wait();
    expect(ok == k_count, "every append without waiting is told once that it is durable");
    expect(ordered, "they are told in order");
    const auto head = store_->tree_head();
    expect(head && head->size == k_count, "all of them are there");
  }

  void many_writers() {
    constexpr int k_writers = 8;
    constexpr std::uint64_t k_each = 40;
    std::atomic<int> failed{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < k_writers; ++w) {
      writers.emplace_back([&, w] {
        const std::string case_id = "c_" + std::to_string(w);
        const auto fence = store_->acquire_lease("case/" + case_id, "w" + std::to_string(w), k_lease);
        base::Hash32 prev{};
        for (std::uint64_t i = 0; fence && i < k_each; ++i) {
          NewEntry entry = entry_of(case_id, i, prev);
          prev = entry.leaf_hash;
          if (!store_->append({std::move(entry)}, *fence)) ++failed;
          const auto page = store_->read_case(model::CaseId(case_id), i, 1);
          if (!page || page->size() != 1) ++failed;  // what is durable is read
        }
        if (!fence) ++failed;
      });
    }
    for (std::thread& writer : writers) writer.join();
    expect(failed == 0, "eight cases are written and read at once");
  }

  void tree() {
    const auto empty = store_->tree_head();
    expect(empty && empty->size == 0 && empty->root == evidence::empty_root(), "an empty tree has the empty root");
    const Fence fence = acquired("case/c_a");
    std::vector<base::Hash32> hashes;
    for (const std::size_t count : {1U, 2U, 252U, 1U, 1U, 300U}) {
      auto entries = some(count);
      for (const NewEntry& entry : entries) hashes.push_back(entry.leaf_hash);
      expect_ok(store_->append(std::move(entries), fence), "entries are appended");
      const auto head = store_->tree_head();
      expect(head && head->size == hashes.size() && head->root == evidence::root_of(hashes),
             "the root at " + std::to_string(hashes.size()) + " is RFC 6962's");
    }
    reopen();
    const auto read = store_->leaf_hashes(10, 300);
    expect(read && std::vector(hashes.begin() + 10, hashes.begin() + 300) == *read, "leaf hashes are read back");
    expect_code(status_of(store_->leaf_hashes(0, hashes.size() + 1)), Code::not_found, "past the end there are none");
  }

  void leases() {
    const Fence fence = acquired("sign", "a");
    expect_code(status_of(store_->acquire_lease("sign", "b", k_lease)), Code::aborted, "another owner waits");
    const Fence again = acquired("sign", "a");
    expect(again.token > fence.token, "the owner may acquire anew, with a new token");
    expect_code(store_->renew_lease(fence, k_lease), Code::aborted, "the old token renews nothing");
    bench_.advance(k_lease - Duration{1});
    expect_ok(store_->renew_lease(again, k_lease), "it is renewed");
    bench_.advance(k_lease - Duration{1});
    expect_code(status_of(store_->acquire_lease("sign", "b", k_lease)), Code::aborted, "a renewed one still holds");
    bench_.advance(Duration{2});
    const Fence taken = acquired("sign", "b");
    expect_code(store_->renew_lease(again, k_lease), Code::aborted, "a lost one is not renewed");
    expect_code(store_->release_lease(again), Code::aborted, "nor released");
    expect_ok(store_->release_lease(taken), "it is released");
    expect_code(store_->renew_lease(taken, k_lease), Code::aborted, "what was released is not renewed");
    acquired("sign", "c");
  }

  void timers() {
    const Timer late{"settle/c_a/n_1", model::CaseId("c_a"), base::Time(Duration{5'000}), "{\"a\":1}"};
    const Timer early{"settle/c_b/n_2", model::CaseId("c_b"), base::Time(Duration{-5}), "{}"};
    expect_ok(store_->put_timer(late), "a timer is put");
    expect_ok(store_->put_timer(early), "another is put");
    expect_ok(store_->put_timer(late), "a repeat replaces it");
    reopen();
    const auto all = store_->timers(std::nullopt);
    expect(all && all->size() == 2 && all->front().name == early.name && all->back().what == late.what && all->back().due == late.due,
           "all are read, by due time");
    const auto one = store_->timers(model::CaseId("c_a"));
    expect(one && one->size() == 1 && one->front().name == late.name, "those of one case are read");
    expect_ok(store_->drop_timer(late.name), "it is dropped");
    expect_ok(store_->drop_timer(late.name), "dropping again is ok");
    expect(store_->timers(model::CaseId("c_a"))->empty(), "it is gone");
  }

  void cases() {
    expect_code(status_of(store_->find_case(model::CaseId("c_a"))), Code::not_found, "an unknown case is not found");
    CaseRow row{model::CaseId("c_a"), model::PersonId("E1"), "Ann \"'; DROP TABLE entry; --\xE2\x80\xAE", model::CaseState::draft,
                base::Time(Duration{7})};
    expect_ok(store_->put_case(row), "a case is put");
    row.state = model::CaseState::running;
    expect_ok(store_->put_case(row), "it is replaced");
    reopen();
    const auto found = store_->find_case(row.id);
    expect(found && found->state == row.state && found->subject_label == row.subject_label && found->opened == row.opened,
           "it is found as it was put");
    expect(store_->cases()->size() == 1, "it is listed once");
  }

  void documents() {
    const std::string bytes = std::string("plan\0bytes", 10) + "\xFF";
    expect_code(status_of(store_->document("plan", "d")), Code::not_found, "an unknown document is not found");
    expect_ok(store_->put_document("plan", "d", bytes), "a document is put");
    expect_ok(store_->put_document("plan", "d", bytes), "the same bytes again are ok");
    expect_code(store_->put_document("plan", "d", bytes + "x"), Code::already_exists, "other bytes under its name are refused");
    expect_ok(store_->put_document("policy", "d", ""), "another kind, empty, is its own");
    reopen();
    expect(store_->document("plan", "d").value_or("") == bytes, "it is read byte for byte");
    expect(store_->document_keys("plan").value_or(std::vector<std::string>{}) == std::vector<std::string>{"d"}, "its key is listed");
  }

  void sealed() {
    const model::CaseId a("c_a");
    expect_ok(store_->put_sealed(a, "s01", {1, 2, 3}), "a sealed value is put");
    expect_ok(store_->put_sealed(a, "s01", {9}), "a repeat is ok");
    reopen();
    expect(store_->sealed(a, "s01").value_or(base::Bytes{}) == base::Bytes{1, 2, 3}, "the first value wins");
    expect_ok(store_->put_sealed(model::CaseId("c_b"), "s01", {4}), "another case has its own");
    expect_ok(store_->drop_sealed(a), "those of a case are dropped");
    expect_code(status_of(store_->sealed(a, "s01")), Code::not_found, "they are gone");
    expect(store_->sealed(model::CaseId("c_b"), "s01").has_value(), "the other's are not");
  }

  void references() {
    const auto first = store_->reference("p", "E1", "Ann");
    expect(first && first->text().starts_with("p_") && first->text().size() > 20, "a reference is made");
    const auto again = store_->reference("p", "E1", "Ann B.");
    expect(first && again && *first == *again, "it stays the same");
    const auto other = store_->reference("n", "E1", "");
    expect(first && other && *first != *other, "another prefix is another");
    reopen();
    const auto referent = first ? store_->referent(*first) : base::fail(Code::internal, "");
    expect(referent && referent->value == "E1" && referent->label == "Ann", "it says whom it means");
    expect_code(status_of(store_->referent(model::Reference("p_none"))), Code::not_found, "an unknown one is not found");
  }

  void registers() {
    const auto absent = store_->get_register("halt");
    expect(absent && !absent->has_value(), "an absent register is nullopt");
    expect_ok(store_->put_register("halt", ""), "the empty text is a value");
    expect(store_->get_register("halt").value_or(std::nullopt) == std::optional<std::string>(""), "and is read as one");
    expect_ok(store_->put_register("halt", "since"), "it is replaced");
    reopen();
    expect(store_->get_register("halt").value_or(std::nullopt) == std::optional<std::string>("since"), "the newest is read");
  }

  void snapshots() {
    const model::CaseId a("c_a");
    expect(!store_->snapshot(a)->has_value(), "there is none at first");
    expect_ok(store_->put_snapshot(a, 10, "ten"), "one is put");
    expect_ok(store_->put_snapshot(a, 5, "five"), "an older one is ok");
    const auto kept = store_->snapshot(a);
    expect(kept && *kept && (*kept)->first == 10 && (*kept)->second == "ten", "the newest stays");
  }

  void budgets() {
    const auto take = [&](bool urgent, int wanted) {
      return store_->take_budget("warehouse/exeunt", 10, 10, 0.2, urgent, wanted).value_or(Store::BudgetGrant{-1, {}});
    };
    expect(take(false, 5).granted == 5, "a block is granted");
    expect(take(false, 5).granted == 3, "the reserve is left to urgent takers");
    const auto empty = take(false, 5);
    expect(empty.granted == 0 && empty.wait == Duration{100}, "when empty it says how long to wait");
    expect(take(true, 5).granted == 2, "an urgent taker gets the reserve");
    bench_.advance(empty.wait);
    expect(take(true, 5).granted == 1, "the bucket fills with time");
    bench_.advance(Duration{3'600'000});
    expect(take(true, 100).granted == 10, "it never holds more than the burst");
    expect(store_->take_budget("slow", 0.5, 1, 0.2, false, 3).value_or(Store::BudgetGrant{}).granted == 1,
           "a bucket of one call has no reserve");
    expect_code(status_of(store_->take_budget("x", 0, 1, 0.2, false, 1)), Code::invalid_argument, "a rate of zero is an error");
  }

  void checkpoints() {
    const auto none = store_->last_checkpoint();
    expect(none && !none->has_value(), "there is none at first");
    const Fence lease = acquired("case/c_a");
    const Fence sign = acquired("sign");
    expect_code(status_of(store_->sign_checkpoint(bench_.key(), Fence{"sign", sign.token - 1})), Code::aborted,
                "an old fence signs nothing");
    std::string previous;
    for (const std::size_t count : {1U, 299U, 5U}) {
      expect_ok(store_->append(some(count), lease), "entries are appended");
      const auto note = store_->sign_checkpoint(bench_.key(), sign);
      expect_ok(status_of(note), "the head is signed");
      if (!note) return;
      const auto text = evidence::open_note(*note, {bench_.key().verifier()});
      const auto seen = text ? evidence::parse_checkpoint_text(*text) : base::fail(Code::internal, "");
      const auto head = store_->tree_head();
      expect(seen && head && seen->size == head->size && seen->root == head->root, "the note is of the head");
      expect(store_->sign_checkpoint(bench_.key(), sign).value_or("") == *note, "the same head has one signature");
      expect(*note != previous, "another head has another");
      previous = *note;
    }
    reopen();
    expect(store_->last_checkpoint().value_or(std::nullopt) == std::optional<std::string>(previous), "the last one is kept");
  }

  ConformanceBench& bench_;
  Conformance out_;
  std::string part_;
  Store* store_ = nullptr;
  std::uint64_t next_seq_ = 0;
  base::Hash32 prev_{};
};

}  // namespace

Conformance run_conformance(ConformanceBench& bench) { return Suite(bench).run(); }

}  // namespace exeunt::store
