// Who is in, as a real broker tells it: which connections are open and since when; its API holds no more, and the listing says so.
#include <doctest/doctest.h>

#include "rabbitmq/server.hpp"

using namespace exeunt;
using model::Completeness;
using test::account;
using testing::sign_ins_since;

TEST_CASE("rabbitmq: her open connections are told with the instant they began at, the same at every reading; others' are not") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("used"), other = server.make_user("used-not");
  const base::Time since = base::SystemClock().now();
  CHECK(sign_ins_since(*connector, account(name), since).sign_ins.empty());
  const test::AmqpClient hers = server.log_in(name, "pw"), others = server.log_in(other, "pw");
  REQUIRE(hers.open());
  REQUIRE(others.open());
  CHECK_FALSE(server.lets_in(name, "wrong"));
  server.wait_for_statistics(name, 1);
  const auto told = sign_ins_since(*connector, account(name), since);
  CHECK(told.completeness == Completeness::lower_bound);
  CHECK(told.reason.find("only connections that are open now") != std::string::npos);
  REQUIRE(told.sign_ins.size() == 1);
  CHECK(told.sign_ins[0].used == account(name).key);
  CHECK(told.sign_ins[0].from == hers.endpoint());
  CHECK(std::abs((told.sign_ins[0].at - told.clock_offset - since).count()) < 60'000);
  const auto again = sign_ins_since(*connector, account(name), since);
  REQUIRE(again.sign_ins.size() == 1);
  CHECK(again.sign_ins[0].at == told.sign_ins[0].at);
}
