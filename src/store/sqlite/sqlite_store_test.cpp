#include <doctest/doctest.h>

#include <fstream>

#include "store/case_stream.hpp"
#include "testing/store_fixture.hpp"

using namespace exeunt;
using testing::EntryMaker;
using testing::StoreFixture;

namespace {

std::string words_of(const base::Status& status) {
  return status ? "ok" : std::string(base::code_name(status.error().code)) + ": " + status.error().text();
}
template <class T>
std::string words_of(const base::Result<T>& result) {
  return result ? "ok" : std::string(base::code_name(result.error().code)) + ": " + result.error().text();
}

// Appends `count` entries of one case under a lease of its own.
base::Status append_some(store::Store& store, EntryMaker& maker, std::size_t count, const std::string& owner = "test") {
  EXEUNT_TRY_ASSIGN(const store::Fence fence, store.acquire_lease("case/c_1", owner, base::Duration{10'000}));
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<store::NewEntry> entries;
    entries.push_back(maker.next());
    EXEUNT_TRY(store.append(std::move(entries), fence));
  }
  return store.release_lease(fence);
}

base::Status sign(StoreFixture& fixture, store::Store& store) {
  EXEUNT_TRY_ASSIGN(const store::Fence fence, store.acquire_lease("sign", "test", base::Duration{10'000}));
  EXEUNT_TRY(store.sign_checkpoint(fixture.key, fence));
  return store.release_lease(fence);
}

std::vector<std::string> findings(store::Store& store) {
  auto found = store.verify({});
  return found ? *found : std::vector<std::string>{found.error().text()};
}

}  // namespace

TEST_CASE("sqlite: what was appended is there after it was closed, and sound") {
  StoreFixture fixture;
  REQUIRE_EQ(words_of(fixture.create()), "ok");
  EntryMaker maker("c_1");
  {
    auto store = fixture.open();
    REQUIRE_EQ(words_of(store), "ok");
    REQUIRE_EQ(words_of(append_some(**store, maker, 700)), "ok");
    REQUIRE_EQ(words_of(sign(fixture, **store)), "ok");
  }
  auto store = fixture.open();
  REQUIRE_EQ(words_of(store), "ok");
  CHECK_EQ((*store)->tree_head()->size, 700);
  CHECK_EQ((*store)->read_case(model::CaseId("c_1"), 690, 100)->size(), 10);
  CHECK_EQ(findings(**store), std::vector<std::string>{});
}
