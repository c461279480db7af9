// A session of ours as her user: what it survives, what ends it, and where there is none.
#include <doctest/doctest.h>

#include <algorithm>

#include "redis/relay.hpp"
#include "redis/server.hpp"

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
base::Result<std::unique_ptr<connect::Witness>> open(connect::Connector& connector, const std::string& name) {
  return connector.open_witness({account(name), NodeKind::session, &case_value(), {}});
}

}  // namespace

TEST_CASE("redis: a witness survives a new password and off as her session does, and both end with CLIENT KILL: EOF") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("witnessed");
  test::Client hers = server.log_in(name, "pw");
  REQUIRE(hers.open());
  auto control = connector->open_control_witness(NodeKind::session, {});
  auto witness = open(*connector, name);
  REQUIRE(control);
  REQUIRE(witness);
  CHECK_FALSE(server.lets_in(name, "pw"));  // her own password is gone
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK((*witness)->use({}).answer == ProbeAnswer::admitted);
  CHECK(hers.open());
  const auto sessions = test::look(*connector, {name}).all(NodeKind::session);
  CHECK(sessions.size() == 2);
  CHECK(std::any_of(sessions.begin(), sessions.end(),
                    [&](const model::Node& node) { return node.key == (*witness)->node().key && node.facts == (*witness)->node().facts; }));
  REQUIRE(act(*connector, Action::end_sessions, account(name), sessions));
  const connect::ProbeResult over = (*witness)->use({});
  CHECK(over.answer == ProbeAnswer::refused);
  CHECK(over.reason == "EOF");
  CHECK((*control)->use({}).answer == ProbeAnswer::admitted);
  CHECK_FALSE(hers.open());
  // The account's own probe stands beside it as before.
  CHECK(test::own(*connector, account(name)).answer == ProbeAnswer::refused);
}

TEST_CASE("redis: where the user is off or gone, or ours, there is no witness, and nothing changes") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string off = server.make_user("off");
  server.admin().ask({"ACL", "SETUSER", off, "off"});
  const std::string before = server.admin().ask({"ACL", "LIST"});
  std::vector<std::string> names{off, "never-was"};
  const auto own = connector->own_accounts({});
  REQUIRE(own);
  for (const model::NodeKey& key : *own) names.push_back(key.native_id);
  for (const std::string& name : names) {
    CAPTURE(name);
    const auto none = open(*connector, name);
    REQUIRE(!none);
    CHECK(none.error().code == base::Code::failed_precondition);
    CHECK(none.error().text().find(testing::k_case_value) == std::string::npos);
  }
  CHECK(server.admin().ask({"ACL", "LIST"}) == before);
}

TEST_CASE("redis: a witness that is let go is no connection any more") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("let_go");
  auto witness = open(*connector, name);
  REQUIRE(witness);
  CHECK(test::look(*connector, {name}).all(NodeKind::session).size() == 1);
  witness->reset();
  CHECK(test::look(*connector, {name}).all(NodeKind::session).empty());
}
