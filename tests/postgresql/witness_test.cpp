// A session of ours on her role: what it survives, what ends it, and where there is none.
#include <doctest/doctest.h>

#include <algorithm>

#include "postgresql/server.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;

namespace {

const base::Secret& case_value() {
  static const base::Secret value{std::string(testing::k_case_value)};
  return value;
}
base::Result<std::unique_ptr<connect::Witness>> open(connect::Connector& connector, const model::Node& role) {
  return connector.open_witness({role, NodeKind::session, &case_value(), {}});
}

}  // namespace

TEST_CASE("postgresql: a witness survives NOLOGIN as her session does, and both end with pg_terminate_backend: 57P01") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("witnessed");
  const model::Node role = account(server.oid_of(name), name);
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(hers.open());
  auto control = connector->open_control_witness(NodeKind::session, {});
  auto witness = open(*connector, role);
  REQUIRE(control);
  REQUIRE(witness);
  CHECK_FALSE(server.log_in(name, "pw").open());  // her own password is gone
  REQUIRE(act(*connector, Action::lock_and_replace, role));
  CHECK((*witness)->use({}).answer == ProbeAnswer::admitted);
  CHECK(hers.ask("SELECT 1") == "1");
  CHECK(server.admin().ask("SELECT rolpassword IS NULL FROM pg_authid WHERE oid = " + role.key.native_id) == "t");  // ours neither
  const auto sessions = test::look(*connector, {role.key.native_id}).all(NodeKind::session);
  CHECK(sessions.size() == 2);
  CHECK(std::any_of(sessions.begin(), sessions.end(), [&](const model::Node& node) { return node.key == (*witness)->node().key; }));
  REQUIRE(act(*connector, Action::end_sessions, role, sessions));
  const connect::ProbeResult over = (*witness)->use({});
  CHECK(over.answer == ProbeAnswer::refused);
  CHECK(over.reason == "57P01");
  CHECK((*witness)->use({}).answer == ProbeAnswer::refused);
  CHECK((*control)->use({}).answer == ProbeAnswer::admitted);
  CHECK(hers.ask("SELECT 1") == "!lost");
}

TEST_CASE("postgresql: a witness is idle between its uses, and no session any more once it is let go") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("harmless");
  auto witness = open(*connector, account(server.oid_of(name), name));
  REQUIRE(witness);
  const std::string pid = (*witness)->node().facts.at("pid");
  CHECK(server.admin().ask("SELECT state FROM pg_stat_activity WHERE pid = " + pid) == "idle");
  witness->reset();
  for (int i = 0; i < 50 && server.admin().ask("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid) != "0"; ++i)
    server.admin().ask("SELECT pg_sleep(0.1)");  // the server notices the end of a connection a little later
  CHECK(server.admin().ask("SELECT count(*) FROM pg_stat_activity WHERE pid = " + pid) == "0");
}

TEST_CASE("postgresql: where the case's password is not let in there is no witness, and the reason has words") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string expired = server.make_role("expired", "VALID UNTIL '2001-01-01'");
  const std::string shut = server.make_role("shut");
  server.admin().ask("ALTER ROLE " + shut + " NOLOGIN");
  const std::string full = server.make_role("full", "CONNECTION LIMIT 0");
  for (const std::string& name : {expired, shut, full}) {
    CAPTURE(name);
    const auto none = open(*connector, account(server.oid_of(name), name));
    REQUIRE(!none);
    CHECK(none.error().code == base::Code::failed_precondition);
    CHECK(none.error().text().find(testing::k_case_value) == std::string::npos);
  }
  CHECK(server.admin().ask("SELECT count(*) FROM pg_stat_activity WHERE usename = '" + expired + "'") == "0");
}

TEST_CASE("postgresql: never on an account that Exeunt stands on") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const auto own = connector->own_accounts({});
  REQUIRE(own);
  for (const model::NodeKey& key : *own) {
    const auto none = open(*connector, account(key.native_id));
    REQUIRE(!none);
    CHECK(none.error().code == base::Code::failed_precondition);
  }
  CHECK(connector->check({}));
}

TEST_CASE("postgresql: a witness that the server ended for another reason than the cut is not refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("idle");
  server.admin().ask("ALTER ROLE " + name + " SET idle_session_timeout = '100ms'");
  auto witness = open(*connector, account(server.oid_of(name), name));
  REQUIRE(witness);
  server.admin().ask("SELECT pg_sleep(1)");
  for (int i = 0; i < 2; ++i) CHECK((*witness)->use({}).answer == ProbeAnswer::unknown);
}

TEST_CASE("postgresql: with the server gone neither witness nor control is admitted") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("gone");
  auto control = connector->open_control_witness(NodeKind::session, {});
  auto witness = open(*connector, account(server.oid_of(name), name));
  REQUIRE(witness);
  server.stop();
  CHECK((*witness)->use({}).answer != ProbeAnswer::admitted);
  CHECK((*control)->use({}).answer != ProbeAnswer::admitted);
  server.start();
}
