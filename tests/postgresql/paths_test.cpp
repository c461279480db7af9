// One person's ways into a real server: found, ended, shown ended.
#include <doctest/doctest.h>

#include "postgresql/server.hpp"

using namespace exeunt;
using model::Action;
using model::Completeness;
using model::NodeKind;
using model::ProbeAnswer;
using test::account;
using test::act;
using test::gate;
using test::look;

TEST_CASE("postgresql: a person with every kind of way in is found, cut and shown cut") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  REQUIRE(connector);
  const std::string name = server.make_role("alice", "CREATEROLE");
  const std::string oid = server.oid_of(name);
  server.admin().ask("CREATE ROLE readers_e2e");
  server.admin().ask("GRANT readers_e2e TO " + name);
  test::Client hers = server.log_in(name, "pw");
  test::Client in_sales = server.log_in(name, "pw", "sales");
  REQUIRE(hers.open());
  REQUIRE(hers.ask("CREATE ROLE backdoor_e2e LOGIN PASSWORD 'bd'") == "");
  REQUIRE(in_sales.ask("CREATE FUNCTION e2e_total() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'") == "");
  const std::string backdoor = server.oid_of("backdoor_e2e");

  const test::Seen seen = look(*connector, {oid});
  CHECK(seen.node(NodeKind::account, oid) != nullptr);
  CHECK(seen.node(NodeKind::account, oid)->privileged);
  CHECK(seen.node(NodeKind::session, hers.endpoint()) != nullptr);
  CHECK(seen.node(NodeKind::session, in_sales.endpoint()) != nullptr);
  CHECK(seen.node(NodeKind::membership, oid + ":" + server.oid_of("readers_e2e")) != nullptr);
  CHECK(seen.node(NodeKind::account, backdoor) != nullptr);
  CHECK(seen.all(NodeKind::automation).size() == 1);
  for (const model::Listing& listing : seen.inventory.listings) {
    CAPTURE(std::string(model::name(listing.kind)));
    CAPTURE(listing.reason);
    CHECK(listing.completeness == Completeness::full);
  }

  CHECK(gate(*connector, oid).answer == ProbeAnswer::admitted);
  REQUIRE(act(*connector, Action::lock_and_replace, account(oid)));
  CHECK(gate(*connector, oid).answer == ProbeAnswer::refused);
  CHECK(gate(*connector, oid).reason == "28000");
  const auto ended = act(*connector, Action::end_sessions, account(oid), seen.all(NodeKind::session));
  REQUIRE(ended);
  CHECK(ended->words == "2 sessions ended");
  CHECK(hers.ask("SELECT 1") == "!lost");
  const auto removed = act(*connector, Action::remove_memberships, account(oid), seen.all(NodeKind::membership));
  REQUIRE(removed);
  CHECK(connector->observe(*seen.node(NodeKind::membership, oid + ":" + server.oid_of("readers_e2e")), {})->presence ==
        connect::Presence::absent);
  CHECK(look(*connector, {oid}).all(NodeKind::session).empty());
  CHECK(look(*connector, {oid}).all(NodeKind::membership).empty());
  CHECK(gate(*connector, backdoor).answer == ProbeAnswer::admitted);
  REQUIRE(act(*connector, Action::lock_and_replace, account(backdoor)));
  CHECK(gate(*connector, backdoor).answer == ProbeAnswer::refused);
}
