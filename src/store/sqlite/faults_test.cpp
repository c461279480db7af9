// What a store must survive or refuse: a second process, a corrupt file, a full or failing disk, copies of itself, older schemas.
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/file.hpp"
#include "store/case_stream.hpp"
#include "store/sqlite/schema.hpp"
#include "testing/faulty_disk.hpp"
#include "testing/store_fixture.hpp"

using namespace exeunt;
using testing::EntryMaker;
using testing::StoreFixture;
namespace fs = std::filesystem;

namespace {

std::string words_of(const base::Status& status) {
  return status ? "ok" : std::string(base::code_name(status.error().code)) + ": " + status.error().text();
}
template <class T>
std::string words_of(const base::Result<T>& result) {
  return result ? "ok" : std::string(base::code_name(result.error().code)) + ": " + result.error().text();
}
bool says(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("\"", part, "\" is not in: ", text);
  return found;
}

base::Status append_one(store::Store& store, const store::Fence& fence, store::NewEntry entry) {
  std::vector<store::NewEntry> entries;
  entries.push_back(std::move(entry));
  return store.append(std::move(entries), fence);
}

void append_some(store::Store& store, EntryMaker& maker, int count) {
  const auto fence = store.acquire_lease("case/c_1", "test", base::Duration{10'000});
  REQUIRE_EQ(words_of(fence), "ok");
  std::vector<store::NewEntry> entries;
  for (int i = 0; i < count; ++i) entries.push_back(maker.next());
  REQUIRE_EQ(words_of(store.append(std::move(entries), *fence)), "ok");
  REQUIRE_EQ(words_of(store.release_lease(*fence)), "ok");
}

void sign(StoreFixture& fixture, store::Store& store) {
  const auto fence = store.acquire_lease("sign", "test", base::Duration{10'000});
  REQUIRE_EQ(words_of(fence), "ok");
  REQUIRE_EQ(words_of(store.sign_checkpoint(fixture.key, *fence)), "ok");
  REQUIRE_EQ(words_of(store.release_lease(*fence)), "ok");
}

std::vector<std::string> findings(store::Store& store) {
  auto found = store.verify({});
  return found ? *found : std::vector<std::string>{found.error().text()};
}

// As an administrator would: every file of the database, over what is there, into the same inodes.
void copy_database(const fs::path& from, const fs::path& to) {
  for (const char* suffix : {"", "-wal"}) {
    const fs::path source = from.string() + suffix;
    const fs::path target = to.string() + suffix;
    if (!fs::exists(source)) {
      fs::remove(target);
      continue;
    }
    std::ofstream(target, std::ios::binary | std::ios::trunc) << std::ifstream(source, std::ios::binary).rdbuf();
  }
  fs::remove(to.string() + "-shm");
}

void run_sql(const fs::path& database, const char* sql) {
  sqlite3* handle = nullptr;
  REQUIRE_EQ(sqlite3_open(database.c_str(), &handle), SQLITE_OK);
  CHECK_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(handle);
}

}  // namespace

TEST_CASE("sqlite: a second process is refused and told who runs; a reader beside it is not") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  auto store = fixture.open();
  REQUIRE_EQ(words_of(store), "ok");
  EntryMaker maker("c_1");
  append_some(**store, maker, 3);

  const std::string refused = words_of(fixture.open());
  CHECK(says(refused, "failed_precondition"));
  CHECK(says(refused, "pid " + std::to_string(::getpid())));

  auto options = fixture.options;
  options.read_only = true;
  auto reader = store::open_store(options, fixture.clock, fixture.random);
  REQUIRE_EQ(words_of(reader), "ok");
  CHECK_EQ((*reader)->read_case(model::CaseId("c_1"), 0, 10)->size(), 3);
  CHECK(says(words_of((*reader)->put_register("halt", "1")), "failed_precondition"));
}

TEST_CASE("sqlite: a store that exists is not made again, and its checkpoint copy is not taken over") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  CHECK(says(words_of(fixture.create()), "already_exists"));
  {
    auto store = fixture.open();
    EntryMaker maker("c_1");
    append_some(**store, maker, 1);
    sign(fixture, **store);
  }
  fixture.options.database = fixture.folder.path() / "another.db";
  CHECK(says(words_of(fixture.create()), "nobody signs two histories"));
}

TEST_CASE("sqlite: a corrupt database is refused with words, wherever the damage lies") {
  const std::vector<std::pair<const char*, std::int64_t>> places = {{"header", 0}, {"schema page", 120}, {"middle", 4096 * 4}};
  for (const auto& [what, offset] : places) {
    CAPTURE(what);
    StoreFixture fixture;
    REQUIRE_EQ(words_of(fixture.create()), "ok");
    {
      auto store = fixture.open();
      EntryMaker maker("c_1");
      append_some(**store, maker, 50);
    }
    {
      std::fstream file(fixture.options.database, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(offset);
      for (int i = 0; i < 2000; ++i) file.put(static_cast<char>(0xA5));
    }
    CHECK(says(words_of(fixture.open()), "data_loss"));
  }
}

TEST_CASE("sqlite: an altered entry, payload or head is found by verify") {
  const std::vector<std::pair<const char*, const char*>> alterations = {
      {"UPDATE entry SET leaf=replace(leaf,'p_0123','p_9999') WHERE case_seq=5", "leaf hash"},
      {"UPDATE entry SET payload='{\"words\":\"another thing\"}' WHERE case_seq=5", "payload"},
      {"UPDATE entry SET case_seq=77 WHERE case_seq=5", "case_seq"},
      {"UPDATE stream SET next_seq=9", "head"},
      {"DELETE FROM entry WHERE case_seq=9", "missing"},
      {"UPDATE tile SET root=zeroblob(32)", "tile"},
      {"UPDATE checkpoint SET note=replace(note,'3','4')", "checkpoint"},
  };
  for (const auto& [sql, what] : alterations) {
    CAPTURE(sql);
    StoreFixture fixture;
    REQUIRE_EQ(words_of(fixture.create()), "ok");
    auto store = fixture.open();
    EntryMaker maker("c_1");
    append_some(**store, maker, 300);
    sign(fixture, **store);
    CHECK_EQ(findings(**store), std::vector<std::string>{});
    run_sql(fixture.options.database, sql);
    std::string all;
    for (const std::string& finding : findings(**store)) all += finding + "\n";
    CHECK(says(all, what));
  }
}

TEST_CASE("sqlite: an erased payload is no finding") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  auto store = fixture.open();
  EntryMaker maker("c_1");
  append_some(**store, maker, 10);
  run_sql(fixture.options.database, "UPDATE entry SET payload=NULL,salt=NULL WHERE case_seq=5");
  CHECK_EQ(findings(**store), std::vector<std::string>{});
  CHECK_FALSE((*store)->read_case(model::CaseId("c_1"), 5, 1)->front().payload.has_value());
}

TEST_CASE("sqlite: on a full disk an append says so, writes nothing, and goes on when there is room") {
  testing::FaultyDisk disk;
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  auto store = fixture.open();
  REQUIRE_EQ(words_of(store), "ok");
  EntryMaker maker("c_1");
  append_some(**store, maker, 20);
  const auto fence = (*store)->acquire_lease("case/c_1", "test", base::Duration{10'000});
  for (const std::int64_t room : {0, 100, 5'000, 20'000}) {
    CAPTURE(room);
    disk.full_after(room);
    EntryMaker attempt = maker;
    base::Status last;
    for (int i = 0; i < 200 && last; ++i) {
      last = append_one(**store, *fence, attempt.next());
      if (last) maker = attempt;
    }
    CHECK(says(words_of(last), "resource_exhausted"));
    CHECK(says(words_of(last), "disk is full"));
    CHECK(says(words_of(append_one(**store, *fence, EntryMaker(maker).next())), "resource_exhausted"));
    disk.full_after(-1);
    CHECK_EQ((*store)->tree_head()->size, maker.next_seq());
    REQUIRE_EQ(words_of(append_one(**store, *fence, maker.next())), "ok");
  }
  CHECK_EQ(findings(**store), std::vector<std::string>{});
}

TEST_CASE("sqlite: after a failed sync nothing more is written until the store is opened again") {
  testing::FaultyDisk disk;
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  EntryMaker maker("c_1");
  {
    auto store = fixture.open();
    append_some(**store, maker, 5);
    const auto fence = (*store)->acquire_lease("case/c_1", "test", base::Duration{10'000});
    disk.syncs_fail(true);
    EntryMaker lost = maker;
    CHECK(says(words_of(append_one(**store, *fence, lost.next())), "outcome_unknown"));
    disk.syncs_fail(false);
    CHECK(says(words_of(append_one(**store, *fence, EntryMaker(maker).next())), "failed_precondition"));
  }
  auto store = fixture.open();
  REQUIRE_EQ(words_of(store), "ok");
  CHECK_EQ(findings(**store), std::vector<std::string>{});
}

TEST_CASE("sqlite: a store restored from a copy taken mid-case neither runs nor signs, and a new log says what is lost") {
  enum class How { below_checkpoint, between_checkpoints };
  for (const How how : {How::below_checkpoint, How::between_checkpoints}) {
    CAPTURE(static_cast<int>(how));
    StoreFixture fixture;
    REQUIRE_EQ(words_of(fixture.create()), "ok");
    const fs::path copy = fixture.folder.path() / "backup.db";
    EntryMaker maker("c_1");
    EntryMaker at_copy("c_1");
    {
      auto store = fixture.open();
      REQUIRE_EQ(words_of(store), "ok");
      append_some(**store, maker, 10);
      sign(fixture, **store);
      append_some(**store, maker, 5);
      at_copy = maker;
      copy_database(fixture.options.database, copy);
      append_some(**store, maker, 7);
      if (how == How::below_checkpoint) sign(fixture, **store);
    }
    copy_database(copy, fixture.options.database);
    CHECK(says(words_of(fixture.open()), "data_loss"));

    auto options = fixture.options;
    options.allow_stale = true;
    {
      auto stale = store::open_store(options, fixture.clock, fixture.random);
      REQUIRE_EQ(words_of(stale), "ok");
      CHECK(says(words_of((*stale)->acquire_lease("sign", "test", base::Duration{1'000})), "failed_precondition"));
      CHECK(says(words_of((*stale)->append({}, {})), "failed_precondition"));
    }
    const auto new_key = evidence::SigningKey::generate("exeunt.test/log/default/2", fixture.random);
    CHECK(says(words_of(store::succeed_log(options, fixture.key, "restored", fixture.clock, fixture.random)), "another origin"));
    REQUIRE_EQ(words_of(store::succeed_log(options, new_key, "restored from a backup", fixture.clock, fixture.random)), "ok");
    fixture.options.origin = new_key.verifier().name;
    fixture.options.verifier = new_key.verifier();
    auto store = fixture.open();
    REQUIRE_EQ(words_of(store), "ok");
    const auto first = evidence::decode((*store)->read_tree(0, 1)->front().leaf);
    REQUIRE_EQ(words_of(first), "ok");
    CHECK_EQ(first->kind, evidence::LeafKind::log_succeeded);
    CHECK_EQ(first->count, 7);
    // The case goes on where its stored stream ends, in the new log.
    append_some(**store, at_copy, 4);
    CHECK_EQ(findings(**store), std::vector<std::string>{});
  }
}

TEST_CASE("sqlite: a store that was copied elsewhere does not run there") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  EntryMaker maker("c_1");
  {
    auto store = fixture.open();
    append_some(**store, maker, 3);
  }
  fixture.options.database = fixture.folder.path() / "copied.db";
  copy_database(fixture.folder.path() / "store.db", fixture.options.database);
  CHECK(says(words_of(fixture.open()), "copied or moved"));
}

TEST_CASE("sqlite: a checkpoint copy that is gone, altered or of another log is not passed over") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  EntryMaker maker("c_1");
  {
    auto store = fixture.open();
    append_some(**store, maker, 3);
    sign(fixture, **store);
    append_some(**store, maker, 3);
    sign(fixture, **store);
  }
  const std::string note = base::read_file(fixture.options.checkpoint_copy).value();
  fs::remove(fixture.options.checkpoint_copy);
  CHECK(says(words_of(fixture.open()), "failed_precondition"));
  std::ofstream(fixture.options.checkpoint_copy) << "x" << note;
  CHECK(says(words_of(fixture.open()), "data_loss"));
  std::ofstream(fixture.options.checkpoint_copy) << note;
  CHECK_EQ(words_of(fixture.open()), "ok");
}

TEST_CASE("sqlite: a case that stopped under an older schema 30 days ago is finished under this one") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  const model::TenantId tenant(std::string("default"));
  const model::CaseId case_id("c_old");
  const auto append = [&](store::CaseStream& stream, evidence::LeafKind kind, const std::string& state) {
    evidence::Leaf leaf;
    leaf.kind = kind;
    leaf.state = state;
    if (kind == evidence::LeafKind::case_opened) leaf.subject = "p_x";
    REQUIRE_EQ(words_of(stream.append(std::move(leaf), base::JsonObject{{"words", "w"}})), "ok");
  };
  {
    auto store = fixture.open();
    auto stream = store::CaseStream::open(**store, fixture.clock, fixture.random, tenant, case_id, "old");
    REQUIRE_EQ(words_of(stream), "ok");
    append(**stream, evidence::LeafKind::case_opened, "");
    append(**stream, evidence::LeafKind::state_changed, "waiting_approval");
    append(**stream, evidence::LeafKind::state_changed, "running");
  }
  // Back to what version 1 had: the tables and columns that version 2 added are gone.
  run_sql(
      fixture.options.database,
      "DROP TABLE register; DROP TABLE budget; ALTER TABLE case_row DROP COLUMN subject_label; ALTER TABLE reference DROP COLUMN label; "
      "PRAGMA user_version=1;");
  fixture.clock.advance(base::Duration{std::chrono::hours{24 * 30}});
  auto store = fixture.open();
  REQUIRE_EQ(words_of(store), "ok");
  auto stream = store::CaseStream::open(**store, fixture.clock, fixture.random, tenant, case_id, "new");
  REQUIRE_EQ(words_of(stream), "ok");
  CHECK_EQ((*stream)->state().state, model::CaseState::running);
  append(**stream, evidence::LeafKind::state_changed, "closed");
  CHECK_EQ(words_of((*store)->put_register("halt", "0")), "ok");
  CHECK_EQ(findings(**store), std::vector<std::string>{});
}

TEST_CASE("sqlite: a schema newer than this program is refused, and so is a database that is not ours") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  run_sql(fixture.options.database, "PRAGMA user_version=99");
  CHECK(says(words_of(fixture.open()), "unimplemented"));
  fixture.options.database = fixture.folder.path() / "foreign.db";
  run_sql(fixture.options.database, "CREATE TABLE t(x)");
  CHECK(says(words_of(fixture.open()), "not one of Exeunt's"));
}
