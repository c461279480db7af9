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

TEST_CASE("kerberos draining: the lesser of principal and krbtgt counts, the longer of life and renewable life is waited for") {
  struct Row {
    int life, renewable, krbtgt_life, krbtgt_renewable, expected;  // -1: not known
  };
  const Row rows[] = {{10, 0, 20, 70, 10}, {10, 50, 20, 70, 50}, {30, 90, 20, 70, 70}, {0, 50, 20, 70, 50},
                      {10, 50, 0, 0, 10},  {0, 50, 0, 70, -1},   {0, 0, 20, 0, 20}};
  for (const Row& row : rows) {
    CAPTURE(row.expected);
    const PrincipalEntry principal = with(Duration(row.life), Duration(row.renewable));
    const TicketLimits limits = ticket_limits(&principal, with(Duration(row.krbtgt_life), Duration(row.krbtgt_renewable)));
    CHECK((limits.life ? limits.life->count() : -1) == row.expected);
  }
  CHECK(ticket_limits(nullptr, with(Duration(20), Duration(70))).life == Duration(70));
}

TEST_CASE("kerberos draining: postdated tickets are ruled out by either of the two") {
  const PrincipalEntry may = with(Duration(10), Duration(0), true), may_not = with(Duration(10), Duration(0));
  CHECK(ticket_limits(&may, may).postdatable);
  CHECK_FALSE(ticket_limits(&may_not, may).postdatable);
  CHECK_FALSE(ticket_limits(&may, may_not).postdatable);
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
