// Connections that are bound already: listed, made powerless, and what is said of them.
#include <doctest/doctest.h>
#include <ldap.h>

#include <algorithm>

#include "openldap/actions.hpp"
#include "openldap/slapd.hpp"

namespace exeunt::tests::openldap {
namespace {

using connect::Presence;
using model::Action;
using model::Completeness;
using model::NodeKind;

std::vector<model::Node> sessions(connect::Connector& connector, const model::Node& account) {
  return of_kind(inventory(connector, account).value(), NodeKind::session);
}

}  // namespace

TEST_CASE("openldap: held connections are listed by both ends' endpoint, hers only") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice"), other = slapd.add_person("bob");
  const auto first = slapd.bound(dn), second = slapd.bound(dn), not_hers = slapd.bound(other);
  const auto listed = inventory(*connector, slapd.account(dn)).value();
  auto found = of_kind(listed, NodeKind::session);
  REQUIRE(found.size() == 2);
  std::vector<std::string> endpoints{found[0].key.native_id, found[1].key.native_id}, expected{first->endpoint(), second->endpoint()};
  std::sort(endpoints.begin(), endpoints.end());
  std::sort(expected.begin(), expected.end());
  CHECK(endpoints == expected);
  CHECK(found[0].live);
  CHECK(listing_of(listed, NodeKind::session)->completeness == Completeness::full);
  CHECK(std::count_if(listed.edges.begin(), listed.edges.end(), [](const model::Edge& e) { return e.kind == model::EdgeKind::holds; }) ==
        2);
}

TEST_CASE("openldap: trap: a held connection outlives lock, reset and group removal, and ends with the switch") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice"), group = slapd.add_group("writers", {dn, k_engine});
  const auto her = slapd.account(dn);
  const auto held = slapd.bound(dn);
  const auto session = sessions(*connector, her).at(0);

  // The usual way: locked, reset, out of her groups, and the connection goes on.
  REQUIRE(apply(*connector, Action::disable_account, her));
  REQUIRE(apply(*connector, Action::replace_password, her));
  REQUIRE(apply(*connector, Action::remove_memberships, her, of_kind(inventory(*connector, her).value(), NodeKind::membership)));
  CHECK(held->read(k_base).has_value());
  CHECK(observe(*connector, session).presence == Presence::present);

  const auto ended = apply(*connector, Action::end_sessions, her, {session});
  REQUIRE(ended);
  CHECK(std::count(ended->acknowledged.begin(), ended->acknowledged.end(), session.id()) == 1);
  CHECK_FALSE(held->read(k_base).has_value());
  CHECK_FALSE(held->read(dn).has_value());
  CHECK(held->replace(dn, {{"userPassword", {"her-own-second-choice"}}}) == LDAP_INSUFFICIENT_ACCESS);
  const auto seen = observe(*connector, session);
  CHECK(seen.presence == Presence::absent);
  CHECK(seen.grade == model::Grade::read_back);
  CHECK(seen.words.find("still open") != std::string::npos);
  CHECK_FALSE(sessions(*connector, her).at(0).live);
  REQUIRE(apply(*connector, Action::end_sessions, her, {session}));  // again: the same
  CHECK(observe(*connector, session).presence == Presence::absent);
}

TEST_CASE("openldap: a connection that its owner closed is gone from the table") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  auto held = slapd.bound(dn);
  const auto session = sessions(*connector, slapd.account(dn)).at(0);
  CHECK(observe(*connector, session).presence == Presence::present);
  held.reset();
  // slapd takes a moment to notice: the answer is either, never an error.
  CHECK(eventually([&] { return observe(*connector, session).presence == Presence::absent; }));
  CHECK(observe(*connector, session).words.find("gone from") != std::string::npos);
}

TEST_CASE("openldap: where the switch has no power, a held connection is never said to have ended") {
  struct Row {
    const char* what;
    SlapdOptions options;
    bool group_configured;
  };
  const Row rows[] = {{"no access rule", {.switch_rule = false}, true},
                      {"no group", {.switch_group = false}, true},
                      {"not configured", {.switch_rule = false}, false}};
  for (const Row& row : rows) {
    CAPTURE(row.what);
    Slapd slapd(row.options);
    auto config = slapd.config();
    if (!row.group_configured) config.values.erase("switch_group");
    const auto connector = slapd.connector(config);
    const std::string dn = slapd.add_person("alice");
    const auto her = slapd.account(dn);
    const auto held = slapd.bound(dn);
    const auto listed = inventory(*connector, her).value();
    const auto session = of_kind(listed, NodeKind::session).at(0);
    if (!row.options.switch_group || !row.group_configured) {
      REQUIRE(listed.gaps.size() == 1);
      CHECK(listed.gaps[0].kind == NodeKind::session);
    }
    const auto ended = apply(*connector, Action::end_sessions, her, {session});
    if (!row.options.switch_group || !row.group_configured) {
      REQUIRE_FALSE(ended);
      CHECK(ended.error().code == base::Code::failed_precondition);
    }
    CHECK(held->read(k_base).has_value());
    CHECK(observe(*connector, session).presence == Presence::present);
    CHECK(of_kind(inventory(*connector, her).value(), NodeKind::session).at(0).live);
    // What can be done is done all the same.
    const auto cut = apply(*connector, Action::lock_and_replace, her);
    REQUIRE(cut);
    CHECK(probe(*connector, her).answer == model::ProbeAnswer::refused);
  }
}

TEST_CASE("openldap: without a right to cn=Monitor the listing says so, and absence is unknown") {
  Slapd slapd({.monitor_right = false});
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto held = slapd.bound(dn);
  const auto listed = inventory(*connector, slapd.account(dn)).value();
  const auto* listing = listing_of(listed, NodeKind::session);
  CHECK(listing->completeness == Completeness::none);
  CHECK(listing->reason.find("cn=Monitor") != std::string::npos);
  model::Node session;
  session.key = {model::SystemId("directory"), NodeKind::session, held->endpoint()};
  session.facts["bound_dn"] = dn;
  CHECK(observe(*connector, session).presence == Presence::unknown);
}

TEST_CASE("openldap: trap: a rename moves the group's member away from the connection's old DN") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const auto held = slapd.bound(dn);
  const auto session = sessions(*connector, her).at(0);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  REQUIRE(apply(*connector, Action::end_sessions, her, {session}));
  CHECK_FALSE(held->read(k_base).has_value());

  REQUIRE(slapd.root().rename(dn, "uid=malice") == LDAP_SUCCESS);
  // refint renames the member, in its own time; the connection keeps its DN: powerful again.
  REQUIRE(eventually([&] { return held->read(k_base).has_value(); }));
  CHECK(observe(*connector, session).presence == Presence::present);
  const auto again = sessions(*connector, her);  // by the DN that we saw before
  REQUIRE(again.size() == 1);
  CHECK(again[0].live);
  REQUIRE(apply(*connector, Action::end_sessions, her, again));
  CHECK_FALSE(held->read(k_base).has_value());
  CHECK(observe(*connector, session).presence == Presence::absent);
}

TEST_CASE("openldap: trap: deleting the entry gives a held connection its rights back, until the switch names the DN again") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const auto held = slapd.bound(dn);
  const auto session = sessions(*connector, her).at(0);
  REQUIRE(apply(*connector, Action::end_sessions, her, {session}));
  REQUIRE(slapd.root().remove(dn) == LDAP_SUCCESS);
  REQUIRE(eventually([&] { return held->read(k_base).has_value(); }));
  CHECK(observe(*connector, session).presence == Presence::present);
  const auto ended = apply(*connector, Action::end_sessions, her, sessions(*connector, her));
  REQUIRE(ended);
  CHECK(ended->words.find("before somebody else is given that name") != std::string::npos);
  CHECK_FALSE(held->read(k_base).has_value());
  CHECK(observe(*connector, session).presence == Presence::absent);
}

TEST_CASE("openldap: an old DN that somebody else has now is left alone") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  REQUIRE(slapd.root().rename(dn, "uid=malice") == LDAP_SUCCESS);
  const std::string namesake = slapd.add_person("alice");
  const auto bystander = slapd.bound(namesake);
  const auto listed = inventory(*connector, her).value();
  CHECK(of_kind(listed, NodeKind::session).empty());
  CHECK(listing_of(listed, NodeKind::session)->completeness == Completeness::partial);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  REQUIRE(apply(*connector, Action::end_sessions, her));
  CHECK(bystander->read(k_base).has_value());
  CHECK(slapd.try_bind(namesake, k_password) == LDAP_SUCCESS);
}

TEST_CASE("openldap: a port used again by somebody else is not her session") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice"), other = slapd.add_person("bob");
  const auto not_hers = slapd.bound(other);
  model::Node session;
  session.key = {model::SystemId("directory"), NodeKind::session, not_hers->endpoint()};
  session.facts["bound_dn"] = dn;
  CHECK(observe(*connector, session).presence == Presence::absent);
}

}  // namespace exeunt::tests::openldap
