// First tickets as a real KDC logs them: hers, never our request at the gate, and never silence where the log cannot be read.
#include <doctest/doctest.h>

#include "kerberos/server.hpp"

using namespace exeunt;
using model::Completeness;
using test::account;
using testing::sign_ins_since;

TEST_CASE("kerberos: a first ticket of hers is told; a wrong password, a ticket for a service, a try of ours and others' are not") {
  EXEUNT_SERVER(server);
  auto connector = server.connector({{"kdc_log", (server.folder() / "kdc.log").string()}});
  const std::string name = server.make_person("used"), other = server.make_person("used-not"), cache = name + ".cc";
  const model::Node principal = account(*connector, name);
  const base::Time now = server.clock().now();
  CHECK(test::gate(*connector, principal).answer == model::ProbeAnswer::admitted);
  CHECK_FALSE(server.lets_in(name, "wrong"));
  REQUIRE(server.lets_in(other, "pw"));
  CHECK(sign_ins_since(*connector, principal, now).sign_ins.empty());
  REQUIRE(server.lets_in(name, "pw", cache));
  REQUIRE(server.gets_ticket(cache, "svc/a"));
  const auto told = sign_ins_since(*connector, principal, now);
  REQUIRE(told.sign_ins.size() == 1);
  CHECK(told.sign_ins[0].used == principal.key);
  CHECK(told.sign_ins[0].from == "127.0.0.1");
  CHECK(std::abs((told.sign_ins[0].at - now).count()) < 60'000);
  CHECK(std::abs(told.clock_offset.count()) <= told.clock_error.count());
  CHECK(sign_ins_since(*connector, principal, now).sign_ins[0].at == told.sign_ins[0].at);
  // Locked: refused, and not told.
  static_cast<void>(server.admin("modprinc -allow_tix " + name));
  CHECK_FALSE(server.lets_in(name, "pw"));
  CHECK(test::gate(*connector, principal).answer == model::ProbeAnswer::refused);
  CHECK(sign_ins_since(*connector, principal, now).sign_ins.size() == 1);
}

TEST_CASE("kerberos: what cannot be told apart or read is said, and without a log the database tells the last success") {
  EXEUNT_SERVER(server);
  const std::string name = server.make_person("told"), open = server.make_person("open", "-requires_preauth");
  const base::Time long_ago = server.clock().now() - base::Duration{86'400'000};
  auto connector = server.connector({{"kdc_log", (server.folder() / "kdc.log").string()}});
  const model::Node principal = account(*connector, name), without = account(*connector, open);
  REQUIRE(server.lets_in(name, "pw"));
  CHECK(sign_ins_since(*connector, principal, long_ago).completeness == Completeness::partial);  // the log is younger
  CHECK(test::gate(*connector, without).answer == model::ProbeAnswer::admitted);                 // an ISSUE of ours
  const auto unsure = sign_ins_since(*connector, without, server.clock().now());
  CHECK(unsure.sign_ins.empty());
  CHECK(unsure.completeness == Completeness::partial);
  CHECK(unsure.reason.find("no pre-authentication") != std::string::npos);
  auto unread = server.connector({{"kdc_log", (server.folder() / "nowhere.log").string()}});
  CHECK(sign_ins_since(*unread, principal, long_ago).completeness == Completeness::none);
  CHECK(sign_ins_since(*unread, principal, long_ago).reason.find("nowhere.log") != std::string::npos);
  auto database = server.connector();
  const auto last = sign_ins_since(*database, principal, long_ago);
  CHECK(last.completeness == Completeness::lower_bound);
  REQUIRE(last.sign_ins.size() == 1);
  CHECK(std::abs((last.sign_ins[0].at - server.clock().now()).count()) < 60'000);
}
