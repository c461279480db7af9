// Giving back: a new password as the only key, behind the lock; what must not come back with it.
#include <doctest/doctest.h>

#include "kerberos/server.hpp"
#include "testing/restore_calls.hpp"

using namespace exeunt;
using connect::Presence;
using model::Action;
using test::account;
using test::act;
using testing::before;
using testing::look_back;
using testing::restore_request;

TEST_CASE("kerberos: a principal comes back by a new password as its only key; the old password and a copied keytab do not") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("returns");
  const std::string keytab = (server.folder() / (name + ".keytab")).string();
  server.admin("ktadd -k " + keytab + " -norandkey " + name);
  const model::Node principal = account(*connector, name);
  const auto image = before(*connector, principal);
  REQUIRE(image.size() == 1);
  CHECK(image[0].facts.empty());
  const std::string limits = server.row(name, "Maximum ticket life");
  REQUIRE(act(*connector, Action::lock_and_replace, principal));
  CHECK(before(*connector, principal).empty());  // shut already: nobody's to give back
  CHECK(look_back(*connector, principal, image).there.empty());
  for (int round = 0; round < 2; ++round) {  // a repeat sets the same
    const auto done = connector->apply(restore_request(principal, image));
    REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
    CHECK(server.lets_in(name, testing::k_return_value));
    CHECK_FALSE(server.lets_in(name, "pw"));
    CHECK_FALSE(server.lets_in(name, "", "", "-k -t " + keytab));
    const auto seen = look_back(*connector, principal, image);
    CHECK(seen.there == std::vector{principal.id()});
    CHECK_MESSAGE(seen.old_way == Presence::absent, seen.words);
  }
  CHECK(server.row(name, "Maximum ticket life") == limits);
}

TEST_CASE("kerberos: what another hand let in is told from what was given back; a deleted principal is not made anew") {
  EXEUNT_SERVER(server);
  auto connector = server.connector();
  const std::string name = server.make_person("helped");
  const model::Node principal = account(*connector, name);
  const auto image = before(*connector, principal);
  REQUIRE(act(*connector, Action::lock_and_replace, principal));
  server.admin("cpw -pw pw " + name);
  server.admin("modprinc +allow_tix " + name);
  CHECK(look_back(*connector, principal, image).old_way == Presence::present);  // her old one, alive again
  // Unlocked by another hand with the key that nobody knows: not what is handed over, so not given back.
  REQUIRE(act(*connector, Action::lock_and_replace, principal));
  server.admin("modprinc +allow_tix " + name);
  CHECK(look_back(*connector, principal, image).old_way == Presence::present);
  // Given back all the same: the new password takes its place.
  REQUIRE(connector->apply(restore_request(principal, image)));
  CHECK_FALSE(server.lets_in(name, "pw"));
  CHECK(look_back(*connector, principal, image).old_way == Presence::absent);
  // With a second key kept beside it, whatever has that one is let in.
  server.admin("cpw -keepold -pw third " + name);
  CHECK(look_back(*connector, principal, image).old_way == Presence::present);
  server.admin("delprinc -force " + name);
  CHECK(look_back(*connector, principal, image).gone == std::vector{principal.id()});
  const auto done = connector->apply(restore_request(principal, image));
  REQUIRE_FALSE(done);
  CHECK(done.error().code == base::Code::not_found);
}
