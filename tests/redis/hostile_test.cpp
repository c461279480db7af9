// User and client names are chosen by people who may mean harm; names never decide anything and never leave their place.
#include <doctest/doctest.h>

#include "base/escape.hpp"
#include "connect/redis/acl.hpp"
#include "redis/server.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::look;
using test::own;

TEST_CASE("redis: hostile user names are found, cut and deleted like any other") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string bystander = server.make_user("bystander");
  const std::string stems[] = {"quote\"s'and`ticks`",
                               "user=" + bystander,
                               "off",
                               "on",
                               "nopass",
                               "#hash",
                               ">pw",
                               "(superuser)",
                               "resetpass",
                               "\xE2\x80\xAEright-to-left",
                               "x\x1b[2Jterminal",
                               "=cmd|'/C-calc'!A0",
                               "%00%n%s",
                               "../../etc",
                               "hex:6162",
                               "bad\xFF\xFE"
                               "bytes",
                               "a/b/c",
                               "~*",
                               "+@all",
                               "user"};
  for (const std::string& stem : stems) {
    const std::string name = server.make_user(stem);
    const std::string id = connect::redis::native_id_of(name);
    CAPTURE(id);
    CHECK(base::is_valid_utf8(id));
    REQUIRE(connect::redis::name_of(id).value() == name);
    test::Client hers = server.log_in(name, "pw"), other = server.log_in(bystander, "pw");
    other.ask({"CLIENT", "SETNAME", "user=" + stem.substr(0, 3) + "!"});
    const auto accounts = connector->accounts({});
    REQUIRE(accounts);
    CHECK(accounts->completeness == model::Completeness::full);
    bool listed = false;
    for (const auto& record : accounts->accounts) {
      listed = listed || record.node.key.native_id == id;
      CHECK(base::is_valid_utf8(record.node.label + record.login + record.node.facts.at("rules")));
    }
    CHECK(listed);
    CHECK(own(*connector, account(id)).reason == "on");
    CHECK(look(*connector, {id}).all(NodeKind::session).size() == 1);
    REQUIRE(act(*connector, Action::lock_and_replace, account(id)));
    REQUIRE(act(*connector, Action::end_sessions, account(id)));
    CHECK(hers.closed());
    CHECK(other.open());
    CHECK(own(*connector, account(id)).answer == ProbeAnswer::refused);
    CHECK(connector->observe(account(id), {})->presence == connect::Presence::absent);
    CHECK(connector->observe(account(id), {})->words.find("off in the saved file too") != std::string::npos);
    REQUIRE(act(*connector, Action::delete_account, account(id)));
  }
  CHECK(server.lets_in(bystander, "pw"));
}

TEST_CASE("redis: what a client calls itself is words only") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("named"), other = server.make_user("other");
  test::Client hers = server.log_in(name, "pw");
  for (const std::string& called : {"user=" + other, std::string("id=1"), std::string("flags=M"), std::string("\"quoted\\")}) {
    CAPTURE(called);
    REQUIRE(hers.ask({"CLIENT", "SETNAME", called}) == "OK");
    const test::Seen seen = look(*connector, {name, other});
    REQUIRE(seen.all(NodeKind::session).size() == 1);
    CHECK(seen.all(NodeKind::session).front().key.native_id == hers.endpoint());
    CHECK(seen.listing(NodeKind::session, other)->count == 0);
  }
}

TEST_CASE("redis: a target that can be no user reaches no command") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string before = server.admin().ask({"ACL", "LIST"});
  for (const std::string& id :
       {std::string(), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3), std::string("hex:zz"), std::string("hex:")}) {
    for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::delete_account, Action::rotate_secret}) {
      const auto outcome = act(*connector, action, account(id));
      REQUIRE(!outcome);
      CHECK(outcome.error().code == base::Code::invalid_argument);
    }
    CHECK(own(*connector, account(id)).answer == ProbeAnswer::unknown);
  }
  CHECK(server.admin().ask({"ACL", "LIST"}) == before);
}

TEST_CASE("redis: what Exeunt stands on is refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const auto own_keys = connector->own_accounts({});
  REQUIRE(own_keys);
  REQUIRE(own_keys->size() == 1);
  for (const Action action : {Action::lock_and_replace, Action::end_sessions, Action::delete_account, Action::rotate_secret}) {
    const auto outcome = act(*connector, action, account(own_keys->front().native_id));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == base::Code::failed_precondition);
  }
}
