#include <doctest/doctest.h>

#include "graph/access_map.hpp"
#include "testing/small_maps.hpp"

namespace exeunt::graph {

using model::LinkStrength;
using model::NodeId;
using model::PersonId;
using testing::node;

namespace {

model::Person someone(const char* id, const char* name, const char* email, const char* login) {
  return {PersonId(id), name, email, PersonId("E9"), login, "active"};
}

std::string told(const std::vector<Link>& links) {
  std::string out;
  for (const auto& link : links)
    out += link.person.text() + " " + link.account.text() + " " + std::string(name(link.strength)) + " " + link.reason + "\n";
  return out;
}

const std::vector<model::Person> k_people{someone("E1", "Alex Kim", "akim@example.org", "akim"),
                                          someone("E2", "Alex Kim", "alex.kim@example.org", "alex.kim"),
                                          someone("E3", "Eve *)(uid=*", "eve@example.org", "eve\nx")};

}  // namespace

TEST_CASE("links: an HR id or a row of links.csv acts by itself") {
  const auto links = link_accounts(k_people, {{node("d/account/1"), "E1", "somebody", "", ""}, {node("w/account/2"), "", "", "", ""}},
                                   {{NodeId("w/account/2"), PersonId("E2")}});
  CHECK(told(links) == "E1 d/account/1 strong HR id in the system\nE2 w/account/2 strong links.csv\n");
}

TEST_CASE("links: e-mail, login and name propose, whatever their letters' case, and never act") {
  const auto links = link_accounts(k_people, {{node("d/account/1"), "", "AKIM", "AKim@Example.org", ""}}, {});
  CHECK(told(links) == "E1 d/account/1 proposed same e-mail, same login\n");
}

TEST_CASE("links: two people with one name stay apart; a person decides") {
  const auto links = link_accounts(
      k_people, {{node("d/account/1"), "", "", "", "Kim,  alex"}, {node("d/account/2"), "E2", "alex.kim", "", "Alex Kim"}}, {});
  CHECK(told(links) ==
        "E1 d/account/1 proposed similar name\nE2 d/account/1 proposed similar name\nE2 d/account/2 strong HR id in the system\n");
}

TEST_CASE("links: hostile names and logins match only themselves") {
  CHECK(link_accounts(k_people, {{node("d/account/1"), "", "eve*", "", "*"}}, {}).empty());
  CHECK(link_accounts(k_people, {{node("d/account/1"), "", "eve", "", "Eve"}}, {}).empty());
  CHECK(told(link_accounts(k_people, {{node("d/account/1"), "", "eve\nx", "", ""}}, {})) == "E3 d/account/1 proposed same login\n");
}

TEST_CASE("links: empty facts propose nobody, an unknown HR id claims nothing") {
  const std::vector<model::Person> blank{someone("E1", "", "", ""), someone("", "Alex Kim", "akim@example.org", "akim")};
  CHECK(link_accounts(blank, {{node("d/account/1"), "E77", "akim", "akim@example.org", "Alex Kim"}, {node("d/account/2"), "", "", "", ""}},
                      {{NodeId("d/account/2"), PersonId("E78")}})
            .empty());
}

TEST_CASE("links: two immutable keys that disagree wait for a person") {
  const auto links = link_accounts(k_people, {{node("d/account/1"), "E1", "", "", ""}}, {{NodeId("d/account/1"), PersonId("E2")}});
  REQUIRE(links.size() == 2);
  CHECK(links[0].strength == LinkStrength::proposed);
  CHECK(links[1].strength == LinkStrength::proposed);
}

TEST_CASE("links: a key that links.csv names is linked without an account") {
  CHECK(told(link_accounts(k_people, {}, {{NodeId("b/key/2000:SHA256:x/y+z"), PersonId("E3")}})) ==
        "E3 b/key/2000:SHA256:x/y+z strong links.csv\n");
}

}  // namespace exeunt::graph
