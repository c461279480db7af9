#include "store/case_stream.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "testing/faulty_disk.hpp"
#include "testing/store_fixture.hpp"

using namespace exeunt;
using evidence::Leaf;
using evidence::LeafKind;
using testing::StoreFixture;

namespace {

const model::CaseId k_case("c_1");

std::string words_of(const base::Status& status) {
  return status ? "ok" : std::string(base::code_name(status.error().code)) + ": " + status.error().text();
}

Leaf leaf_of(LeafKind kind, const std::string& state = {}) {
  Leaf leaf;
  leaf.kind = kind;
  leaf.state = state;
  if (kind == LeafKind::case_opened) leaf.subject = "p_1";
  return leaf;
}

struct Opened {
  StoreFixture fixture;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::CaseStream> stream;

  Opened() {
    REQUIRE_EQ(words_of(fixture.create()), "ok");
    store = std::move(fixture.open().value());
  }
  base::Status open(const std::string& owner = "a") {
    stream.reset();
    EXEUNT_TRY_ASSIGN(stream, store::CaseStream::open(*store, fixture.clock, fixture.random, fixture.options.tenant, k_case, owner));
    return {};
  }
  base::Status append(LeafKind kind, const std::string& state = {}) {
    return stream->append(leaf_of(kind, state), base::JsonObject{{"words", "some"}});
  }
};

}  // namespace

TEST_CASE("case stream: entries are numbered, chained, committed to and folded") {
  Opened opened;
  REQUIRE_EQ(words_of(opened.open()), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::case_opened)), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::state_changed, "waiting_approval")), "ok");
  const auto entries = opened.store->read_case(k_case, 0, 10).value();
  REQUIRE_EQ(entries.size(), 2);
  const Leaf second = evidence::decode(entries[1].leaf).value();
  CHECK_EQ(second.case_seq, 1);
  CHECK_EQ(second.prev, evidence::leaf_hash(entries[0].leaf));
  CHECK_EQ(second.commit, evidence::commit_payload(entries[1].salt, entries[1].payload.value()));
  CHECK_NE(entries[0].salt, entries[1].salt);
  CHECK_EQ(second.t, opened.fixture.clock.now());
  CHECK_EQ(opened.stream->state().state, model::CaseState::waiting_approval);
  CHECK_EQ(store::fold_case(*opened.store, k_case)->state().entries, 2);
  CHECK_EQ(store::fold_case(*opened.store, model::CaseId("c_none")).error().code, base::Code::not_found);
}

TEST_CASE("case stream: one writer at a time, and whoever lost the lease writes nothing") {
  Opened opened;
  REQUIRE_EQ(words_of(opened.open()), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::case_opened)), "ok");
  const auto other = [&] {
    return store::CaseStream::open(*opened.store, opened.fixture.clock, opened.fixture.random, opened.fixture.options.tenant, k_case, "b");
  };
  CHECK_EQ(other().error().code, base::Code::aborted);
  opened.fixture.clock.advance(base::Duration{31'000});
  const auto taken = other();
  REQUIRE(taken.has_value());
  CHECK_EQ(opened.stream->keep_lease().error().code, base::Code::aborted);
  CHECK_EQ(opened.append(LeafKind::noted).error().code, base::Code::aborted);
  CHECK_EQ((*taken)->append(leaf_of(LeafKind::noted), base::JsonObject{}).has_value(), true);
  CHECK_EQ(opened.store->tree_head()->size, 2);
}

TEST_CASE("case stream: a transition that the tables do not have is refused and the stream goes on") {
  Opened opened;
  REQUIRE_EQ(words_of(opened.open()), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::case_opened)), "ok");
  CHECK_EQ(opened.append(LeafKind::state_changed, "closed").error().code, base::Code::failed_precondition);
  CHECK_EQ(words_of(opened.append(LeafKind::state_changed, "waiting_approval")), "ok");
  CHECK_EQ(opened.store->tree_head()->size, 2);
}

TEST_CASE("case stream: after a write that failed nothing more is written, and the fold is what is stored") {
  testing::FaultyDisk disk;
  Opened opened;
  REQUIRE_EQ(words_of(opened.open()), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::case_opened)), "ok");
  const std::string before = store::fold_case(*opened.store, k_case)->snapshot();
  disk.full_after(0);
  CHECK_EQ(opened.append(LeafKind::state_changed, "waiting_approval").error().code, base::Code::resource_exhausted);
  disk.full_after(-1);
  CHECK_FALSE(opened.append(LeafKind::noted).has_value());
  CHECK_EQ(opened.stream->state().state, model::CaseState::draft);
  CHECK_EQ(opened.stream->state().entries, 1);
  REQUIRE_EQ(words_of(opened.open()), "ok");
  CHECK_EQ(store::fold_case(*opened.store, k_case)->snapshot(), before);
  CHECK_EQ(words_of(opened.append(LeafKind::state_changed, "waiting_approval")), "ok");
}

TEST_CASE("case stream: whoever waits hears of a batch that failed, also who was to be in the next one, and nobody hears twice") {
  testing::FaultyDisk disk;
  Opened opened;
  REQUIRE_EQ(words_of(opened.open()), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::case_opened)), "ok");
  disk.full_after(0);
  std::atomic<int> failed{0};
  std::atomic<int> stored{0};
  for (int i = 0; i < 300; ++i) {
    opened.stream->append_async(leaf_of(LeafKind::noted), "{}", [&](const base::Status& status) { ++(status ? stored : failed); });
  }
  CHECK_EQ(opened.stream->wait_until_durable().error().code, base::Code::resource_exhausted);
  disk.full_after(-1);
  opened.stream.reset();
  CHECK_EQ(failed, 300);
  CHECK_EQ(stored, 0);
  CHECK_EQ(store::fold_case(*opened.store, k_case)->state().entries, 1);
}

TEST_CASE("case stream: what is not waited for keeps its place before what is") {
  Opened opened;
  REQUIRE_EQ(words_of(opened.open()), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::case_opened)), "ok");
  std::atomic<int> durable{0};
  for (int i = 0; i < 200; ++i) {
    opened.stream->append_async(leaf_of(LeafKind::noted), "{}", [&](const base::Status& status) { durable += status ? 1 : 0; });
  }
  REQUIRE_EQ(words_of(opened.append(LeafKind::noted)), "ok");
  CHECK_EQ(durable, 200);
  CHECK_EQ(opened.store->read_case(k_case, 0, 1'000)->size(), 202);
}

TEST_CASE("case stream: a snapshot saves reading, and one that does not fit the journal is passed over") {
  Opened opened;
  REQUIRE_EQ(words_of(opened.open()), "ok");
  REQUIRE_EQ(words_of(opened.append(LeafKind::case_opened)), "ok");
  for (int i = 0; i < 400; ++i) opened.stream->append_async(leaf_of(LeafKind::noted), "{}", [](const base::Status&) {});
  REQUIRE_EQ(words_of(opened.append(LeafKind::state_changed, "waiting_approval")), "ok");
  const auto state = opened.stream->state();
  opened.stream.reset();
  const auto stored = opened.store->snapshot(k_case);
  REQUIRE(stored.has_value());
  REQUIRE(stored->has_value());
  CHECK_EQ((*stored)->first, 401);
  CHECK_EQ(store::fold_case(*opened.store, k_case)->state().head, state.head);

  // One that claims another state for an entry that the journal does not have.
  evidence::Folder lying = evidence::Folder::restore((*stored)->second).value();
  std::string text = lying.snapshot();
  text.replace(text.find(base::to_hex(state.head)), 64, std::string(64, '0'));
  REQUIRE_EQ(words_of(opened.store->put_snapshot(k_case, 402, text)), "ok");
  CHECK_EQ(store::fold_case(*opened.store, k_case)->state().head, state.head);
  CHECK_EQ(store::fold_case(*opened.store, k_case)->state().state, model::CaseState::waiting_approval);
}
