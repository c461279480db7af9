// A process that appends is stopped at any instant, again and again: what it was told to be durable is there, and the store is sound.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.hpp"
#include "testing/store_fixture.hpp"

using namespace exeunt;
using testing::EntryMaker;
using testing::StoreFixture;

namespace {

constexpr int k_stops = 60;

// Appends until it is stopped; after each append that is durable its number goes down the pipe. Checkpoints now and then.
[[noreturn]] void append_until_stopped(StoreFixture& fixture, std::uint64_t next_seq, base::Hash32 prev, int pipe) {
  auto store = fixture.open();
  if (!store) ::_exit(10);
  const auto fence = (*store)->acquire_lease("case/c_1", "child", base::Duration{10'000});
  const auto sign = (*store)->acquire_lease("sign", "child", base::Duration{10'000});
  if (!fence || !sign) ::_exit(11);
  EntryMaker maker("c_1", next_seq, prev);
  while (true) {
    std::vector<store::NewEntry> entries;
    for (std::uint64_t i = 0; i <= maker.next_seq() % 3; ++i) entries.push_back(maker.next());
    if (!(*store)->append(std::move(entries), *fence)) ::_exit(12);
    const std::uint64_t durable = maker.next_seq();
    if (::write(pipe, &durable, sizeof durable) != sizeof durable) ::_exit(13);
    if (durable % 5 == 0 && !(*store)->sign_checkpoint(fixture.key, *sign)) ::_exit(14);
  }
}

// The last number that came through, after at least `wanted` of them or the end of the child.
std::uint64_t read_durable(int pipe, int wanted, std::uint64_t known) {
  for (int got = 0; got < wanted; ++got) {
    if (::read(pipe, &known, sizeof known) != sizeof known) break;
  }
  return known;
}

}  // namespace

TEST_CASE("sqlite: nothing that was durable is lost when its process is stopped at any instant") {
  StoreFixture fixture;
  REQUIRE(fixture.create().has_value());
  std::uint64_t stored = 0;
  base::Hash32 head{};
  std::array<std::uint8_t, k_stops * 2> chance{};
  fixture.random.fill(chance);
  for (int stop = 0; stop < k_stops; ++stop) {
    CAPTURE(stop);
    int ends[2] = {};
    REQUIRE_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();  // no other thread runs here: every store of this process is closed
    if (child == 0) {
      ::close(ends[0]);
      append_until_stopped(fixture, stored, head, ends[1]);
    }
    ::close(ends[1]);
    std::uint64_t durable = read_durable(ends[0], 1 + chance[static_cast<std::size_t>(stop) * 2] % 24, stored);
    // Not at the moment of an answer, but somewhere behind it.
    for (int work = 0; work < chance[static_cast<std::size_t>(stop) * 2 + 1] * 8; ++work) head = base::sha256(head);
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE_EQ(::waitpid(child, &status, 0), child);
    REQUIRE(WIFSIGNALED(status));
    durable = read_durable(ends[0], 1'000'000, durable);
    ::close(ends[0]);

    auto store = fixture.open();
    if (!store) FAIL(store.error().text());
    const auto findings = (*store)->verify({});
    REQUIRE(findings.has_value());
    CHECK_EQ(*findings, std::vector<std::string>{});
    stored = (*store)->tree_head()->size;
    CHECK_GE(stored, durable);
    CHECK_LE(stored, durable + 3);  // at most the one call whose answer was not heard
    if (stored > 0) head = (*store)->leaf_hashes(stored - 1, stored)->front();
  }
  CHECK_GT(stored, k_stops);
}
