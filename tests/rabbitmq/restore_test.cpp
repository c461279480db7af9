// Giving back: tags, limit of connections, a new password; what must not come back with it.
#include <doctest/doctest.h>

#include "rabbitmq/server.hpp"
#include "testing/restore_calls.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using test::account;
using test::act;
using testing::before;
using testing::look_back;
using testing::restore_request;

TEST_CASE("rabbitmq: a user comes back with its tags, its limit of connections and a new password alone") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("returns", "monitoring");
  const auto image = before(*connector, account(name));
  REQUIRE(image.size() == 1);
  CHECK(image[0].facts.at("tags") == "monitoring");
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(before(*connector, account(name)).empty());
  CHECK(look_back(*connector, account(name), image).there.empty());
  for (int round = 0; round < 2; ++round) {  // a repeat sets the same
    const auto done = connector->apply(restore_request(account(name), image));
    REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
    CHECK(server.lets_in(name, testing::k_return_value));
    CHECK_FALSE(server.lets_in(name, "pw"));
    CHECK_FALSE(server.lets_in(name, std::string(testing::k_case_value)));
    const auto seen = look_back(*connector, account(name), image);
    CHECK(seen.there == std::vector{account(name).id()});
    CHECK(seen.old_way == Presence::absent);
  }
}

TEST_CASE("rabbitmq: what another hand let in is told from what was given back; a deleted user is not made anew") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("helped");
  const auto image = before(*connector, account(name));
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  server.set_password(name, "pw");
  CHECK(server.ask(net::Method::remove, {"user-limits", name, "max-connections"}) / 100 == 2);
  CHECK(look_back(*connector, account(name), image).old_way == Presence::present);  // her old one, alive again
  CHECK(server.ask(net::Method::remove, {"users", name}) / 100 == 2);
  CHECK(look_back(*connector, account(name), image).gone == std::vector{account(name).id()});
  const auto done = connector->apply(restore_request(account(name), image));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == base::Code::not_found);
}
