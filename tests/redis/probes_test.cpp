// A probe tells alive, cut and nonexistent apart, and says unknown for everything that it does not understand.
#include <doctest/doctest.h>

#include "redis/relay.hpp"
#include "redis/server.hpp"
#include "testing/connector_checks.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::own;

namespace {
connect::ProbeResult control(connect::Connector& connector) { return testing::control(connector, account("x"), model::ProbeMeans::own); }
}  // namespace

TEST_CASE("redis: alive, cut and nonexistent answer differently, though WRONGPASS is said of all three") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("probed"), off = server.make_user("off");
  server.admin().ask({"ACL", "SETUSER", off, "off"});
  for (const std::string& who : {name, off, std::string("never-was")}) {
    CHECK(server.connect().ask({"AUTH", who, "wrong"}).starts_with("!WRONGPASS"));
  }
  CHECK(own(*connector, account("never-was")).answer == ProbeAnswer::unknown);
  CHECK(own(*connector, account(off)).answer == ProbeAnswer::unknown);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  const connect::ProbeResult cut = own(*connector, account(name));
  CHECK(cut.answer == ProbeAnswer::refused);
  CHECK(cut.reason == "WRONGPASS+off");
  CHECK(control(*connector).answer == ProbeAnswer::admitted);
  // The same password on the same user, alive again: it is the login that answers.
  server.admin().ask({"ACL", "SETUSER", name, "on"});
  const connect::ProbeResult alive = own(*connector, account(name));
  CHECK(alive.answer == ProbeAnswer::admitted);
  CHECK(alive.reason == "logged in");
}

TEST_CASE("redis: a line of the ACL is no try: what was not tried is neither admitted nor refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("listed");
  testing::check_listing_is_no_try(*connector, account(name), "on");
}

TEST_CASE("redis: a login that was let in before an earlier cut does not vouch for a later one") {
  EXEUNT_SERVER(server);
  test::Relay relay(server.port());
  auto connector = server.connector({{"port", std::to_string(relay.port())}});
  const std::string name = server.make_user("twice");
  testing::check_each_cut_has_its_own_login(*connector, relay, account(name),
                                            [&] { server.admin().ask({"ACL", "SETUSER", name, "on", "resetpass", ">hers"}); });
}

TEST_CASE("redis: the case's own password is tried and let in before the user is set off, or nothing is claimed") {
  EXEUNT_SERVER(server);
  const std::string name = server.make_user("tried");
  {
    auto connector = server.connector();
    REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
    CHECK(own(*connector, account(name)).answer == ProbeAnswer::refused);
  }
  // Another process: the same state, the same refusal by the server, and no memory of an admission.
  auto connector = server.connector();
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::absent);
}

TEST_CASE("redis: a refusal of a password that is not the user's any more says nothing") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("changed");
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  server.admin().ask({"ACL", "SETUSER", name, ">hers"});
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  server.admin().ask({"ACL", "SETUSER", name, "resetpass", ">hers"});
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  server.admin().ask({"ACL", "SETUSER", name, "on"});
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
}

TEST_CASE("redis: an acknowledged lock without effect reads as still there, and its password as never let in") {
  EXEUNT_SERVER(server);
  test::Relay relay(server.port());
  auto connector = server.connector({{"port", std::to_string(relay.port())}});
  const std::string name = server.make_user("untouched");
  relay.set(connect::Fault::silent_no_op);
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(own(*connector, account(name)).answer == ProbeAnswer::unknown);
  CHECK(connector->observe(account(name), {})->presence == connect::Presence::present);
  CHECK(server.lets_in(name, "pw"));
}

TEST_CASE("redis: a wrong password is never a probe") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const model::Node secret = test::node(NodeKind::secret, server.make_user("shared"));
  testing::check_wrong_password_is_no_probe(*connector, secret);
}

TEST_CASE("redis: with our own credential wrong nothing is refused, and the words name the credential") {
  EXEUNT_SERVER(server);
  server.write_secret("wrong.secret", "not ours");
  auto right = server.connector();
  auto connector = server.connector({{"credential", "file:" + (server.folder() / "wrong.secret").string()}});
  const std::string cut = server.make_user("cut");
  REQUIRE(act(*right, Action::lock_and_replace, account(cut)));
  testing::check_wrong_credential(*connector, account(cut), "not ours");
}
