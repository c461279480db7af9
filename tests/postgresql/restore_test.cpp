// Giving back: what an action is about to take from a role, how it comes back, and what must not come back with it.
#include <doctest/doctest.h>

#include <algorithm>

#include "postgresql/server.hpp"
#include "testing/restore_calls.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using model::NodeKind;
using test::account;
using test::act;
using testing::before;
using testing::look_back;
using testing::restore_request;

TEST_CASE("postgresql: a role comes back by a new password alone, as valid and as powerful as it was") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("returns", "CREATEROLE VALID UNTIL '2099-12-31 00:00:00+00'");
  const model::Node role = account(server.oid_of(name), name);
  const auto image = before(*connector, Action::lock_and_replace, role);
  REQUIRE(image.size() == 1);
  CHECK(image[0].facts.at("create_role") == "yes");
  CHECK(image[0].facts.at("valid_until").starts_with("2099-12-31"));
  REQUIRE(act(*connector, Action::lock_and_replace, role));
  CHECK(before(*connector, Action::lock_and_replace, role).empty());
  CHECK(look_back(*connector, Action::restore_account, role, image).there.empty());
  for (int round = 0; round < 2; ++round) {  // a repeat sets the same
    const auto done = connector->apply(restore_request(Action::restore_account, role, image));
    REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
    CHECK(server.log_in(name, testing::k_return_value).open());
    CHECK_FALSE(server.log_in(name, "pw").open());
    CHECK_FALSE(server.log_in(name, std::string(testing::k_case_value)).open());
    CHECK(server.admin().ask("SELECT rolcreaterole AND rolvaliduntil = '2099-12-31 00:00:00+00' FROM pg_roles WHERE oid = " +
                             role.key.native_id) == "t");
    const auto seen = look_back(*connector, Action::restore_account, role, image);
    CHECK(seen.there == std::vector{role.id()});
    CHECK(seen.old_way == Presence::absent);
  }
}

TEST_CASE("postgresql: a role that another hand let in is told from one that was given back") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("helped");
  const model::Node role = account(server.oid_of(name), name);
  const auto image = before(*connector, Action::lock_and_replace, role);
  REQUIRE(act(*connector, Action::lock_and_replace, role));
  server.admin().ask("ALTER ROLE " + name + " LOGIN PASSWORD 'pw' VALID UNTIL 'infinity'");
  const auto seen = look_back(*connector, Action::restore_account, role, image);
  CHECK(seen.there == std::vector{role.id()});
  CHECK(seen.old_way == Presence::present);  // her old one, alive again
  server.admin().ask("DROP ROLE " + name);
  CHECK(look_back(*connector, Action::restore_account, role, image).gone == std::vector{role.id()});
  const auto done = connector->apply(restore_request(Action::restore_account, role, image));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == base::Code::not_found);
}

TEST_CASE("postgresql: memberships come back with their options; a role that was dropped since is said") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_role("member"), plain = server.make_role("plain"), led = server.make_role("led"),
                    lost = server.make_role("lost");
  server.admin().ask("GRANT " + plain + ", " + lost + " TO " + name);
  server.admin().ask("GRANT " + led + " TO " + name + " WITH ADMIN OPTION");
  const model::Node role = account(server.oid_of(name), name);
  const auto listed = test::look(*connector, {role.key.native_id}).all(NodeKind::membership);
  REQUIRE(listed.size() == 3);
  const auto image = before(*connector, Action::remove_memberships, role, listed);
  REQUIRE(image.size() == 3);
  REQUIRE(act(*connector, Action::remove_memberships, role, listed));
  CHECK(before(*connector, Action::remove_memberships, role, listed).empty());
  server.admin().ask("DROP ROLE " + lost);
  const auto seen = look_back(*connector, Action::restore_memberships, role, image);
  REQUIRE(seen.gone.size() == 1);
  CHECK(seen.there.empty());
  std::vector<model::Node> left;
  for (const auto& node : image)
    if (node.id() != seen.gone[0]) left.push_back(node);
  for (int round = 0; round < 2; ++round) {
    const auto done = connector->apply(restore_request(Action::restore_memberships, role, left));
    REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
    CHECK(look_back(*connector, Action::restore_memberships, role, image).there.size() == 2);
  }
  const std::string options =
      "SELECT string_agg(r.rolname || ':' || m.admin_option, ',' ORDER BY m.admin_option) FROM pg_auth_members m JOIN "
      "pg_roles r ON r.oid = m.roleid WHERE m.member = " +
      role.key.native_id;
  CHECK(server.admin().ask(options) == plain + ":false," + led + ":true");
  // Nobody else's membership comes along under her name.
  model::Node forged = left[0];
  forged.key.native_id = "10:" + server.oid_of(plain);
  CHECK_FALSE(connector->apply(restore_request(Action::restore_memberships, role, {forged})));
}
