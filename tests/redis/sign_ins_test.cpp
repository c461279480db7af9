// Who is in, as a real Redis tells it: which connections are open and since when; no log holds the rest, and the listing says so.
#include <doctest/doctest.h>

#include <algorithm>

#include "redis/server.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using test::account;
using test::act;
using testing::sign_ins_since;

TEST_CASE("redis: her open connections are told with the second they began in, the same at every reading; ours and others' are not") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("used"), other = server.make_user("used-not");
  const base::Time since = server.clock().now();
  CHECK(sign_ins_since(*connector, account(name), since).sign_ins.empty());
  test::Client hers = server.log_in(name, "pw"), others = server.log_in(other, "pw");
  REQUIRE(hers.open());
  REQUIRE(others.open());
  CHECK_FALSE(server.lets_in(name, "wrong"));
  const auto told = sign_ins_since(*connector, account(name), since);
  CHECK(told.completeness == Completeness::lower_bound);
  CHECK(told.reason.find("no log of logins") != std::string::npos);
  REQUIRE(told.sign_ins.size() == 1);
  CHECK(told.sign_ins[0].used == account(name).key);
  CHECK(told.sign_ins[0].from == hers.endpoint());
  CHECK(std::abs((told.sign_ins[0].at - told.clock_offset - since).count()) < 30'000);
  for (int reading = 0; reading < 20; ++reading) {
    const auto again = sign_ins_since(*connector, account(name), since);
    REQUIRE(again.sign_ins.size() == 1);
    CHECK(again.sign_ins[0].at == told.sign_ins[0].at);
  }
  // A session of ours as the same user is none of hers.
  const base::Secret value{std::string(testing::k_case_value)};
  const auto witness = connector->open_witness({account(name), NodeKind::session, &value, {}});
  REQUIRE(witness);
  CHECK(sign_ins_since(*connector, account(name), since, {}, {(*witness)->node()}).sign_ins.size() == 1);
  CHECK(sign_ins_since(*connector, account(name), since).sign_ins.size() == 2);  // without its node it would be one
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  const base::Time shut = server.clock().now();
  CHECK_FALSE(server.lets_in(name, "pw"));
  const auto after = sign_ins_since(*connector, account(name), shut + base::Duration{3'000}, {}, {(*witness)->node()});
  CHECK(after.sign_ins.empty());
}
