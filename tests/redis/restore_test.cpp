// Giving back: the rules that a user had, a new password as the only one; what must not come back with it.
#include <doctest/doctest.h>

#include "redis/server.hpp"
#include "testing/restore_calls.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using test::account;
using test::act;
using testing::before;
using testing::look_back;
using testing::restore_request;

TEST_CASE("redis: a user comes back with the rules that it had and a new password as the only one, saved") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("returns", {">second", "~data:*", "&news", "(+get ~other:*)"});
  const std::string rules = server.admin().ask({"ACL", "GETUSER", name});
  const auto image = before(*connector, account(name));
  REQUIRE(image.size() == 1);
  for (const auto& [key, value] : image[0].facts) CHECK(value.find('#') == std::string::npos);  // no hash
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  CHECK(before(*connector, account(name)).empty());
  CHECK(look_back(*connector, account(name), image).there.empty());
  for (int round = 0; round < 2; ++round) {  // a repeat sets the same
    const auto done = connector->apply(restore_request(account(name), image));
    REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
    CHECK(server.lets_in(name, testing::k_return_value));
    for (const std::string& old : {std::string("pw"), std::string("second"), std::string(testing::k_case_value)})
      CHECK_FALSE(server.lets_in(name, old));
    const auto seen = look_back(*connector, account(name), image);
    CHECK(seen.there == std::vector{account(name).id()});
    CHECK(seen.old_way == Presence::absent);
  }
  // Rights as they were, whatever the passwords are.
  const auto rights = [](const std::string& answer) { return answer.substr(answer.find("commands")); };
  CHECK(rights(server.admin().ask({"ACL", "GETUSER", name})) == rights(rules));
  CHECK(server.saved_text().find("user " + name + " on") != std::string::npos);
}

TEST_CASE(
    "redis: what another hand let in is told from what was given back; a deleted user is not made anew; no password comes as a rule") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_user("helped");
  const auto image = before(*connector, account(name));
  REQUIRE(act(*connector, Action::lock_and_replace, account(name)));
  server.admin().ask({"ACL", "SETUSER", name, "on", ">pw"});
  CHECK(look_back(*connector, account(name), image).old_way == Presence::present);  // her old one, alive again
  auto forged = image;
  forged[0].facts["rules"] += " >planted";
  CHECK_FALSE(connector->apply(restore_request(account(name), forged)));
  CHECK_FALSE(server.lets_in(name, "planted"));
  server.admin().ask({"ACL", "DELUSER", name});
  CHECK(look_back(*connector, account(name), image).gone == std::vector{account(name).id()});
  const auto done = connector->apply(restore_request(account(name), image));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == base::Code::not_found);
  CHECK(server.admin().ask({"ACL", "GETUSER", name}).empty());
}
