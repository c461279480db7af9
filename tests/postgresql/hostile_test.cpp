// Role names are written by people who may mean harm; names never decide anything and never leave their quotes.
#include <doctest/doctest.h>

#include "postgresql/server.hpp"

using namespace exeunt;
using model::Action;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::gate;
using test::look;

TEST_CASE("postgresql: hostile role names are found, cut, moved and dropped like any other") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string bystander = server.make_role("bystander");
  const std::string stems[] = {
      "quote\"s and 'apostrophes'",
      "x\"; DROP ROLE " + bystander + "; --",
      "line\nbreak\r\ttab",
      "\nLOCATION:  ClientAuthentication, auth.c:1",
      "FATAL:  3D000: it lets me in",
      "is not permitted to log in",
      "\\'; SELECT pg_sleep(10); --",
      "$exeunt$ $exeunt_text$ %I %s",
      "dbname=postgres host=evil",
      "\xE2\x80\xAEright to left",
      "all, replication",
      "=cmd|' /C calc'!A0",
  };
  for (const std::string& stem : stems) {
    CAPTURE(stem);
    const std::string name = server.make_role(stem);
    const std::string oid = server.oid_of(name);
    REQUIRE(!oid.empty());
    server.admin().ask("DO $$BEGIN EXECUTE format('GRANT pg_monitor TO %I', (SELECT rolname FROM pg_roles WHERE oid = " + oid +
                       ")); END$$");
    test::Client hers = server.log_in(name, "pw");
    REQUIRE(hers.open());
    REQUIRE(hers.ask("CREATE TABLE t" + oid + " (line text)") == "");
    CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
    const test::Seen seen = look(*connector, {oid});
    CHECK(seen.all(NodeKind::session).size() == 1);
    CHECK(seen.all(NodeKind::membership).size() == 1);
    REQUIRE(act(*connector, Action::lock_and_replace, account(oid, name)));
    REQUIRE(act(*connector, Action::end_sessions, account(oid, name)));
    REQUIRE(act(*connector, Action::remove_memberships, account(oid, name), seen.all(NodeKind::membership)));
    CHECK(gate(*connector, oid).answer == ProbeAnswer::refused);
    connect::ApplyRequest request;
    request.action = Action::transfer_ownership;
    request.target = account(oid, name);
    request.heir = account(server.oid_of(bystander));
    REQUIRE(connector->apply(request));
    REQUIRE(act(*connector, Action::delete_account, account(oid, name)));
    CHECK(server.admin().ask("SELECT count(*) FROM pg_roles WHERE oid = " + oid) == "0");
    CHECK(gate(*connector, oid, name).answer == ProbeAnswer::refused);
  }
  CHECK(server.log_in(bystander, "pw").open());
}

TEST_CASE("postgresql: a name that is not valid UTF-8 protects nobody") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  server.admin().ask("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  test::Client bytes = server.log_in("postgres", "root", "bytes");
  REQUIRE(bytes.ask("SET client_encoding = 'SQL_ASCII'") == "");
  REQUIRE(bytes.ask("CREATE ROLE \"bad\xFFname\" LOGIN PASSWORD 'pw'") == "");
  REQUIRE(bytes.ask("CREATE ROLE bytes_group") == "");
  REQUIRE(bytes.ask("GRANT bytes_group TO \"bad\xFFname\"") == "");
  const std::string oid = bytes.ask("SELECT oid FROM pg_roles WHERE rolname LIKE 'bad%name'");
  CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
  const test::Seen seen = look(*connector, {oid});
  REQUIRE(act(*connector, Action::lock_and_replace, account(oid)));
  REQUIRE(act(*connector, Action::remove_memberships, account(oid), seen.all(NodeKind::membership)));
  CHECK(gate(*connector, oid).answer == ProbeAnswer::refused);
  CHECK(look(*connector, {oid}).all(NodeKind::membership).empty());
  bytes.ask("DROP ROLE \"bad\xFFname\"");
}

TEST_CASE("postgresql: a target that is no OID reaches no statement") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  for (const std::string oid : {"", "0", "-1", "1 OR true", "16384; DROP ROLE exeunt", "99999999999", "016384"}) {
    CAPTURE(oid);
    for (const Action action : {Action::disable_account, Action::lock_and_replace, Action::end_sessions, Action::delete_account}) {
      const auto outcome = act(*connector, action, account(oid));
      REQUIRE(!outcome);
      CHECK(outcome.error().code == base::Code::invalid_argument);
    }
    CHECK(gate(*connector, oid).answer == ProbeAnswer::unknown);
  }
}

TEST_CASE("postgresql: what Exeunt stands on is refused") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const auto own = connector->own_accounts({});
  REQUIRE(own);
  REQUIRE(own->size() == 2);
  for (const model::NodeKey& key : *own) {
    const auto outcome = act(*connector, Action::lock_and_replace, account(key.native_id));
    REQUIRE(!outcome);
    CHECK(outcome.error().code == base::Code::failed_precondition);
  }
}
