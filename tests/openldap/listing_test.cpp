// Accounts: all of them or a listing that says it is not full; hostile names; our own accounts.
#include <doctest/doctest.h>
#include <ldap.h>

#include <algorithm>

#include "openldap/actions.hpp"
#include "openldap/slapd.hpp"

namespace exeunt::tests::openldap {
namespace {

using model::Action;
using model::Completeness;
using model::NodeKind;

const connect::AccountRecord* find(const connect::AccountListing& listing, const std::string& uuid) {
  const auto found =
      std::find_if(listing.accounts.begin(), listing.accounts.end(), [&](const auto& each) { return each.node.key.native_id == uuid; });
  return found == listing.accounts.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("openldap: accounts carry the HR id, and whether they are enabled") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string alice = slapd.add_person("alice", "E0007"), locked = slapd.add_person("locked", "E0008");
  REQUIRE(apply(*connector, Action::disable_account, slapd.account(locked)));
  const auto listing = connector->accounts({}).value();
  CHECK(listing.completeness == Completeness::full);
  REQUIRE(find(listing, slapd.uuid_of(alice)) != nullptr);
  CHECK(find(listing, slapd.uuid_of(alice))->hr_id == "E0007");
  CHECK(find(listing, slapd.uuid_of(alice))->login == "alice");
  CHECK(find(listing, slapd.uuid_of(alice))->enabled);
  CHECK_FALSE(find(listing, slapd.uuid_of(locked))->enabled);
  CHECK(find(listing, slapd.uuid_of(k_engine)) != nullptr);
  CHECK(find(listing, slapd.uuid_of("cn=default,ou=policies," + k_base)) == nullptr);
}

TEST_CASE("openldap: more accounts than the size limit are all listed in pages, or the listing says that it was cut") {
  for (const bool unlimited : {true, false}) {
    CAPTURE(unlimited);
    Slapd slapd({.paged_total = unlimited});
    for (int i = 0; i < 620; ++i) {
      const std::string uid = "p" + std::to_string(i);
      slapd.root().add("uid=" + uid + ",ou=people," + k_base,
                       {{"objectClass", {"inetOrgPerson"}}, {"uid", {uid}}, {"cn", {uid}}, {"sn", {uid}}});
    }
    const auto listing = slapd.connector()->accounts({}).value();
    if (unlimited) {
      CHECK(listing.completeness == Completeness::full);
      CHECK(listing.accounts.size() == 622);
    } else {
      CHECK(listing.completeness == Completeness::partial);
      CHECK(listing.reason.find("size.prtotal") != std::string::npos);
    }
  }
}

TEST_CASE("openldap: a referral in the tree makes the listing partial") {
  Slapd slapd;
  REQUIRE(slapd.root().add("cn=elsewhere,ou=people," + k_base, {{"objectClass", {"referral", "extensibleObject"}},
                                                                {"cn", {"elsewhere"}},
                                                                {"ref", {"ldap://other.example/ou=people,dc=other"}}}) == LDAP_SUCCESS);
  const auto listing = slapd.connector()->accounts({}).value();
  CHECK(listing.completeness == Completeness::partial);
  CHECK(listing.reason.find("referrals") != std::string::npos);
}

TEST_CASE("openldap: our own accounts are named") {
  Slapd slapd;
  const auto own = slapd.connector()->own_accounts({}).value();
  REQUIRE(own.size() == 2);
  CHECK(own[0].native_id == slapd.uuid_of(k_engine));
  CHECK(own[1].native_id == slapd.uuid_of(k_control));
  CHECK(own[1].kind == NodeKind::account);
}

TEST_CASE("openldap: hostile names are found, cut and left alone like any other") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string bystander = slapd.add_person("bystander");
  const std::string hostile[] = {"o'brien",
                                 "*",
                                 "ada*)(uid=*",
                                 "smith, j+x=\\y",
                                 "eve\nuserPassword: x",
                                 "#hash;<x>=\"q\"",
                                 " lead and trail ",
                                 "mallory\x1b[31m",
                                 "rita\xe2\x80\xae"
                                 "exe",
                                 "=cmd|'/c calc'!a0",
                                 "$(id)",
                                 "%s%n",
                                 "\\2a\\28",
                                 "tab\there"};
  for (const std::string& uid : hostile) {
    CAPTURE(uid);
    const std::string given = slapd.add_person(uid);
    const std::string group = slapd.add_group("of " + uid, {given, bystander});
    const auto held = slapd.bound(given);
    const auto her = [&] {
      const auto all = connector->accounts({}).value();
      for (const auto& each : all.accounts) {
        if (each.login == uid) return each.node;
      }
      return model::Node();
    }();
    REQUIRE(her.key.native_id == slapd.uuid_of(given));
    const auto listed = inventory(*connector, her).value();
    REQUIRE(of_kind(listed, NodeKind::session).size() == 1);
    REQUIRE(of_kind(listed, NodeKind::membership).size() == 1);
    CHECK(of_kind(listed, NodeKind::session)[0].key.native_id == held->endpoint());
    REQUIRE(apply(*connector, Action::lock_and_replace, her));
    REQUIRE(apply(*connector, Action::end_sessions, her, of_kind(listed, NodeKind::session)));
    REQUIRE(apply(*connector, Action::remove_memberships, her, of_kind(listed, NodeKind::membership)));
    CHECK(probe(*connector, her).answer == model::ProbeAnswer::refused);
    CHECK_FALSE(held->read(k_base).has_value());
    CHECK(observe(*connector, of_kind(listed, NodeKind::session)[0]).presence == connect::Presence::absent);
    CHECK(slapd.root().read(group)->at("member") == std::vector<std::string>{bystander});
  }
  CHECK(slapd.try_bind(bystander, k_password) == LDAP_SUCCESS);
  CHECK(slapd.bound(bystander)->read(k_base).has_value());
  CHECK(slapd.root().first(bystander, "pwdAccountLockedTime").empty());
}

TEST_CASE("openldap: an id that is no entryUUID never reaches a filter") {
  Slapd slapd;
  const auto connector = slapd.connector();
  model::Node forged;
  for (const std::string id : {"*", "", "x)(objectClass=*", "00000000-0000-4000-8000-00000000000*"}) {
    CAPTURE(id);
    forged.key = {model::SystemId("directory"), NodeKind::account, id};
    CHECK(probe(*connector, forged).answer == model::ProbeAnswer::unknown);
    CHECK_FALSE(apply(*connector, Action::lock_and_replace, forged).has_value());
    CHECK_FALSE(connector->observe(forged, {}).has_value());
  }
}

TEST_CASE("openldap: keys in the entry are a gap that is named") {
  Slapd slapd;
  const std::string dn = slapd.add_person("alice");
  REQUIRE(slapd.root().add_value(dn, "sshPublicKey", "ssh-ed25519 AAAA alice") == LDAP_SUCCESS);
  const auto listed = inventory(*slapd.connector(), slapd.account(dn)).value();
  REQUIRE(listed.gaps.size() == 1);
  CHECK(listed.gaps[0].kind == NodeKind::key);
}

}  // namespace exeunt::tests::openldap
