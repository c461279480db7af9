#include "connect/kerberos/draining.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::kerberos {
namespace {

using base::Duration;
using base::Time;

PrincipalEntry with(Duration life, Duration renewable, bool postdatable = false) {
  PrincipalEntry entry;
  entry.max_life = life;
  entry.max_renewable = renewable;
  entry.postdatable = postdatable;
  return entry;
}

TEST_CASE("kerberos draining: the principal's own limits count; the longer of life and renewable life is waited for") {
  struct Row {
    int life, renewable, expected;  // -1: not known
  };
  const Row rows[] = {{10, 0, 10}, {10, 50, 50}, {30, 20, 30}, {0, 50, -1}, {0, 0, -1}};
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    const TicketLimits limits = ticket_limits(with(Duration(row.life), Duration(row.renewable)));
    CHECK((limits.life ? limits.life->count() : -1) == row.expected);
  }
}

TEST_CASE("kerberos draining: postdated tickets are ruled out by the principal alone") {
  CHECK(ticket_limits(with(Duration(10), Duration(0), true)).postdatable);
  CHECK_FALSE(ticket_limits(with(Duration(10), Duration(0))).postdatable);
  CHECK(TicketLimits{}.postdatable);
}

TEST_CASE("kerberos draining: limits that were narrowed since they were listed count as they were; what is not known stays so") {
  const TicketLimits narrow{Duration(10), false}, wide{Duration(50), true}, unknown{std::nullopt, false};
  for (const auto& [one, other] : {std::pair{narrow, wide}, std::pair{wide, narrow}}) {
    CHECK(wider(one, other).life == Duration(50));
    CHECK(wider(one, other).postdatable);
  }
  CHECK_FALSE(wider(narrow, unknown).life);
  CHECK_FALSE(wider(unknown, wide).life);
  CHECK_FALSE(wider(narrow, unknown).postdatable);
}

TEST_CASE("kerberos draining: the last ticket is counted from the lock's own time, or from the expiry when that is later") {
  const Time now{Duration(100'000)};
  PrincipalEntry entry;
  entry.modified = Time{Duration(40'000)};
  CHECK_FALSE(tickets_ended(entry, now));
  entry.may_have_tickets = false;
  CHECK(tickets_ended(entry, now) == entry.modified);
  entry.may_have_tickets = true;
  entry.expires = Time{Duration(60'000)};
  CHECK(tickets_ended(entry, now) == entry.expires);
  entry.modified = Time{Duration(80'000)};
  CHECK(tickets_ended(entry, now) == entry.modified);
  entry.expires = Time{Duration(200'000)};
  CHECK_FALSE(tickets_ended(entry, now));
}

TEST_CASE("kerberos draining: a server whose clock is ahead lets tickets end earlier by ours, and never earlier than they do") {
  const Time ended{Duration(1'000'000)};
  const Time same = drained_at(ended, Duration(90'000), Duration(5'000), Duration(0));
  CHECK(same >= ended + Duration(96'000));
  CHECK(drained_at(ended, Duration(90'000), Duration(5'000), Duration(30'000)) == same - Duration(30'000));
}

}  // namespace
}  // namespace exeunt::connect::kerberos
