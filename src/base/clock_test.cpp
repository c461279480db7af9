#include "base/clock.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <thread>

#include "base/zone.hpp"
#include "testing/fake_clock.hpp"

namespace exeunt::base {
namespace {

TEST_CASE("clock: RFC 3339 times are written in UTC with milliseconds") {
  CHECK(to_rfc3339(Time(Duration(0))) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(Time(Duration(-1))) == "1969-12-31T23:59:59.999Z");
  CHECK(to_rfc3339(Time(Duration(1'795'000'000'123))) == "2026-11-18T11:06:40.123Z");
}

TEST_CASE("clock: RFC 3339 times are read with any offset and fraction") {
  struct Row {
    const char* text;
    const char* utc;
  };
  for (const Row row : {Row{"2026-11-20T17:00:00Z", "2026-11-20T17:00:00.000Z"}, Row{"2026-11-20t17:00:00.5z", "2026-11-20T17:00:00.500Z"},
                        Row{"2026-11-20T17:00:00.1239999+01:30", "2026-11-20T15:30:00.123Z"},
                        Row{"2024-02-29T23:59:59-00:01", "2024-03-01T00:00:59.000Z"}}) {
    CAPTURE(row.text);
    const auto time = from_rfc3339(row.text);
    REQUIRE(time);
    CHECK(to_rfc3339(*time) == row.utc);
  }
  for (const char* bad : {"", "2026-11-20", "2026-11-20T17:00:00", "2026-02-29T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T17:00:60Z",
                          "2026-11-20T17:00:00.Z", "2026-11-20T17:00:00+1:00", "2026-11-20T17:00:00Zx", "26-11-20T17:00:00Z",
                          "2026-13-01T00:00:00Z", "2026-11-20T17:00:00+24:00"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_rfc3339(bad));
  }
}

TEST_CASE("clock: every millisecond from 1900 to 2200 survives its text form") {
  CHECK(rc::check([] {
    const auto ms = *rc::gen::inRange<std::int64_t>(-2'208'988'800'000, 7'258'118'400'000);
    RC_ASSERT(from_rfc3339(to_rfc3339(Time(Duration(ms)))).value().time_since_epoch().count() == ms);
  }));
}

TEST_CASE("clock: wall time in a zone becomes UTC, with and without summer time, before and after the table ends") {
  struct Row {
    const char* local;
    const char* zone;
    const char* utc;
  };
  const Row rows[] = {{"2026-11-20 17:00", "Europe/Vienna", "2026-11-20T16:00:00.000Z"},
                      {"2026-07-20T17:00:30", "Europe/Vienna", "2026-07-20T15:00:30.000Z"},
                      {"2051-07-20 17:00", "Europe/Vienna", "2051-07-20T15:00:00.000Z"},
                      {"2051-12-20 17:00", "Europe/Vienna", "2051-12-20T16:00:00.000Z"},
                      {"2051-01-20 17:00", "Australia/Sydney", "2051-01-20T06:00:00.000Z"},
                      {"2051-07-20 17:00", "Australia/Sydney", "2051-07-20T07:00:00.000Z"},
                      {"2026-11-20 17:00", "America/New_York", "2026-11-20T22:00:00.000Z"},
                      {"2026-11-20 17:00", "Asia/Kolkata", "2026-11-20T11:30:00.000Z"},
                      {"2026-11-20 17:00", "UTC", "2026-11-20T17:00:00.000Z"},
                      // The hour that comes twice: its first time.
                      {"2026-10-25 02:30", "Europe/Vienna", "2026-10-25T00:30:00.000Z"},
                      {"2051-10-29 02:30", "Europe/Vienna", "2051-10-29T00:30:00.000Z"}};
  for (const Row& row : rows) {
    CAPTURE(row.local);
    CAPTURE(row.zone);
    const auto time = from_local(row.local, row.zone);
    REQUIRE(time);
    CHECK(to_rfc3339(*time) == row.utc);
  }
}

TEST_CASE("clock: a skipped hour, an unknown zone and a path in place of a zone are refused") {
  for (const char* skipped : {"2026-03-29 02:00", "2026-03-29 02:59", "2051-03-26 02:30"}) {
    CAPTURE(skipped);
    const auto time = from_local(skipped, "Europe/Vienna");
    REQUIRE_FALSE(time);
    CHECK(time.error().code == Code::invalid_argument);
  }
  for (const char* zone : {"Europe/Wien", "", "/etc/localtime", "../../../etc/passwd", "Europe", "Europe/Vienna\n", "posixrules/.."}) {
    CAPTURE(zone);
    const auto time = from_local("2026-11-20 17:00", zone);
    REQUIRE_FALSE(time);
    CHECK(time.error().code == Code::not_found);
  }
  for (const char* text : {"", "2026-11-20", "2026-11-31 17:00", "2026-11-20 17:00 ", "2026-11-20 5pm"}) {
    CAPTURE(text);
    CHECK(from_local(text, "UTC").error().code == Code::invalid_argument);
  }
}

TEST_CASE("zone: a file that is cut off or altered is broken, never read past its end") {
  std::string file = "TZif2" + std::string(15, '\0');
  CHECK(Zone::parse("").error().code == Code::data_loss);
  CHECK(Zone::parse(file).error().code == Code::data_loss);
  file += std::string(24, '\xFF');
  CHECK(Zone::parse(file).error().code == Code::data_loss);
}

TEST_CASE("clock: the machine's monotonic clock never goes back, and a wait ends when woken") {
  const SystemClock clock;
  const Duration before = clock.steady();
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  CHECK(clock.wait_for(lock, condition, Duration(60'000), [] { return true; }));
  CHECK_FALSE(clock.wait_for(lock, condition, Duration(1), [] { return false; }));
  CHECK(clock.steady() >= before);
  CHECK(clock.now() > from_rfc3339("2020-01-01T00:00:00Z").value());
}

TEST_CASE("fake clock: a wait returns when the clock was advanced past its end, not before") {
  testing::FakeClock clock;
  std::mutex mutex;
  std::condition_variable condition;
  bool returned = false;
  bool woken = true;
  std::jthread waiter([&] {
    std::unique_lock lock(mutex);
    woken = clock.wait_for(lock, condition, Duration(5'000), [] { return false; });
    returned = true;
  });
  while (clock.waiting() == 0) std::this_thread::yield();
  clock.advance(Duration(4'999));
  {
    const std::lock_guard lock(mutex);
    CHECK_FALSE(returned);
  }
  clock.advance(Duration(1));
  waiter.join();
  CHECK(returned);
  CHECK_FALSE(woken);
  CHECK(clock.waiting() == 0);
}

TEST_CASE("fake clock: a wait returns when its condition holds, and the wall clock can be stepped alone") {
  testing::FakeClock clock;
  std::mutex mutex;
  std::condition_variable condition;
  bool flag = false;
  bool woken = false;
  std::jthread waiter([&] {
    std::unique_lock lock(mutex);
    woken = clock.wait_for(lock, condition, Duration(5'000), [&] { return flag; });
  });
  {
    const std::lock_guard lock(mutex);
    flag = true;
  }
  condition.notify_all();
  waiter.join();
  CHECK(woken);
  const auto steady = clock.steady();
  const auto now = clock.now();
  clock.step_wall(Duration(-3'600'000));
  CHECK(clock.steady() == steady);
  CHECK(clock.now() == now - Duration(3'600'000));
}

TEST_CASE("fake clock: told so, a wait moves the clock by itself") {
  testing::FakeClock clock;
  clock.advance_by_waiting(true);
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock lock(mutex);
  const auto now = clock.now();
  CHECK_FALSE(clock.wait_for(lock, condition, Duration(90'000), [] { return false; }));
  CHECK(clock.now() == now + Duration(90'000));
}

}  // namespace
}  // namespace exeunt::base
