// Memberships: every one listed, every one left, the switch group never.
#include <doctest/doctest.h>
#include <ldap.h>

#include <algorithm>

#include "openldap/actions.hpp"
#include "openldap/slapd.hpp"

namespace exeunt::tests::openldap {
namespace {

using connect::Presence;
using model::Action;
using model::NodeKind;

std::vector<model::Node> memberships(connect::Connector& connector, const model::Node& account) {
  return of_kind(inventory(connector, account).value(), NodeKind::membership);
}

}  // namespace

TEST_CASE("openldap: memberships are listed by immutable ids, left, and seen to be gone") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const std::string writers = slapd.add_group("writers", {dn, k_engine}), auditors = slapd.add_group("auditors", {k_engine, dn});
  slapd.add_group("not hers", {k_engine});
  const auto listed = memberships(*connector, her);
  REQUIRE(listed.size() == 2);
  for (const auto& each : listed) {
    CHECK((each.key.native_id == her.key.native_id + ":" + slapd.uuid_of(writers) ||
           each.key.native_id == her.key.native_id + ":" + slapd.uuid_of(auditors)));
    CHECK(observe(*connector, each).presence == Presence::present);
  }
  for (int round = 0; round < 2; ++round) {
    const auto left = apply(*connector, Action::remove_memberships, her, listed);
    REQUIRE(left);
    CHECK(left->acknowledged.size() == 3);
  }
  for (const auto& each : listed) CHECK(observe(*connector, each).presence == Presence::absent);
  CHECK(memberships(*connector, her).empty());
  CHECK(slapd.root().read(writers)->at("member") == std::vector<std::string>{k_engine});
}

TEST_CASE("openldap: the last member of a group leaves an empty one behind") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice"), group = slapd.add_group("lonely", {dn});
  const auto her = slapd.account(dn);
  const auto listed = memberships(*connector, her);
  REQUIRE(listed.size() == 1);
  REQUIRE(apply(*connector, Action::remove_memberships, her, listed));
  CHECK(slapd.root().read(group)->at("member") == std::vector<std::string>{""});
  CHECK(observe(*connector, listed[0]).presence == Presence::absent);
}

TEST_CASE("openldap: the switch group is neither listed nor left") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  CHECK(memberships(*connector, her).empty());
  model::Node forged;
  forged.key = {model::SystemId("directory"), NodeKind::membership, her.key.native_id + ":" + slapd.uuid_of(k_switch)};
  const auto refused = apply(*connector, Action::remove_memberships, her, {forged});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::Code::failed_precondition);
  const auto members = slapd.root().read(k_switch)->at("member");
  CHECK(std::count(members.begin(), members.end(), dn) == 1);
}

TEST_CASE("openldap: groups by login and by role are memberships too") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice"), posix = "cn=operators,ou=groups," + k_base;
  const auto her = slapd.account(dn);
  REQUIRE(slapd.root().add(
              posix, {{"objectClass", {"posixGroup"}}, {"cn", {"operators"}}, {"gidNumber", {"500"}}, {"memberUid", {"alice", "bob"}}}) ==
          LDAP_SUCCESS);
  const auto listed = memberships(*connector, her);
  REQUIRE(listed.size() == 1);
  REQUIRE(apply(*connector, Action::remove_memberships, her, listed));
  CHECK(slapd.root().read(posix)->at("memberUid") == std::vector<std::string>{"bob"});
  CHECK(observe(*connector, listed[0]).presence == Presence::absent);
}

TEST_CASE("openldap: a group renamed since is found by its entryUUID, a deleted one has no members") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice"), group = slapd.add_group("writers", {dn, k_engine});
  const auto her = slapd.account(dn);
  const auto listed = memberships(*connector, her);
  REQUIRE(slapd.root().rename(group, "cn=authors") == LDAP_SUCCESS);
  CHECK(observe(*connector, listed.at(0)).presence == Presence::present);
  REQUIRE(apply(*connector, Action::remove_memberships, her, listed));
  CHECK(observe(*connector, listed.at(0)).presence == Presence::absent);
  REQUIRE(slapd.root().remove("cn=authors,ou=groups," + k_base) == LDAP_SUCCESS);
  CHECK(observe(*connector, listed.at(0)).presence == Presence::absent);
  REQUIRE(apply(*connector, Action::remove_memberships, her, listed));
}

TEST_CASE("openldap: a membership that names another account is refused") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string alice = slapd.add_person("alice"), bob = slapd.add_person("bob"), group = slapd.add_group("writers", {alice, bob});
  const auto listed = memberships(*connector, slapd.account(bob));
  const auto refused = apply(*connector, Action::remove_memberships, slapd.account(alice), listed);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::Code::invalid_argument);
  CHECK(slapd.root().read(group)->at("member").size() == 2);
}

TEST_CASE("openldap: members of a privileged group are administrators") {
  Slapd slapd;
  const std::string dn = slapd.add_person("alice"), other = slapd.add_person("bob"), group = slapd.add_group("directory admins", {dn});
  auto config = slapd.config();
  config.lists["privileged_groups"] = {group};
  const auto connector = slapd.connector(config);
  const auto listing = connector->accounts({}).value();
  for (const auto& each : listing.accounts) CHECK(each.administrator == (each.node.key.native_id == slapd.uuid_of(dn)));
  const auto mine = memberships(*connector, slapd.account(dn));
  REQUIRE(mine.size() == 1);
  CHECK(mine[0].privileged);
  CHECK(slapd.uuid_of(other) != "");
}

}  // namespace exeunt::tests::openldap
