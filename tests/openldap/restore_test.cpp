// Giving back: what an action is about to take, how it comes back, and what must not come back with it.
#include <doctest/doctest.h>
#include <ldap.h>

#include <algorithm>
#include <thread>

#include "openldap/actions.hpp"
#include "openldap/slapd.hpp"
#include "testing/restore_calls.hpp"

namespace exeunt::tests::openldap {
namespace {

using connect::Presence;
using model::Action;
using model::NodeKind;
using testing::before;
using testing::look_back;

bool is_in_switch_group(Slapd& slapd, const std::string& dn) {
  const auto group = slapd.root().read(k_switch);
  const auto members = group ? group->at("member") : std::vector<std::string>{};
  return std::find(members.begin(), members.end(), dn) != members.end();
}

}  // namespace

TEST_CASE("openldap: an account comes back by a new password alone, as valid as it was") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  REQUIRE(slapd.root().replace(dn, {{"pwdEndTime", {"20991231000000Z"}}}) == LDAP_SUCCESS);
  const auto her = slapd.account(dn);
  const auto image = before(*connector, Action::lock_and_replace, her);
  REQUIRE(image.size() == 1);
  CHECK(image[0].key == her.key);
  CHECK(image[0].facts.at("valid_until") == "20991231000000Z");
  for (const auto& [name, value] : image[0].facts) CHECK(value.find('{') == std::string::npos);  // no hash
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  CHECK(before(*connector, Action::lock_and_replace, her).empty());  // shut already: nobody's to give back
  CHECK(look_back(*connector, Action::restore_account, her, image).there.empty());
  CHECK(look_back(*connector, Action::restore_account, her, image).old_way == Presence::absent);

  for (int round = 0; round < 2; ++round) {  // a repeat sets the same
    REQUIRE(apply(*connector, Action::restore_account, her, image, testing::k_return_value));
    CHECK(slapd.try_bind(dn, testing::k_return_value) == LDAP_SUCCESS);
    CHECK(slapd.try_bind(dn, k_password) == LDAP_INVALID_CREDENTIALS);
    CHECK(slapd.try_bind(dn, "a-fresh-secret-of-32-characters") == LDAP_INVALID_CREDENTIALS);
    CHECK(slapd.root().first(dn, "pwdEndTime") == "20991231000000Z");
    CHECK_FALSE(is_in_switch_group(slapd, dn));
    const auto seen = look_back(*connector, Action::restore_account, her, image);
    CHECK(seen.there == std::vector{her.id()});
    CHECK(seen.old_way == Presence::absent);
  }
  CHECK(slapd.bound(dn, testing::k_return_value)->read(k_base).has_value());
}

TEST_CASE("openldap: an account that another hand unlocked is told from one that was given back") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const auto image = before(*connector, Action::lock_and_replace, her);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  // A new password takes the lock away by itself.
  REQUIRE(slapd.root().replace(dn, {{"userPassword", {"helpdesk-choice"}}, {"pwdEndTime", {}}}) == LDAP_SUCCESS);
  REQUIRE(slapd.root().remove_value(k_switch, "member", dn) == LDAP_SUCCESS);
  const auto seen = look_back(*connector, Action::restore_account, her, image);
  CHECK(seen.there == std::vector{her.id()});
  CHECK(seen.old_way == Presence::present);  // something else than the new password opens it
}

TEST_CASE("openldap: trap: failed logins that lock a returned account again make no other password of the new one") {
  Slapd slapd;
  const auto connector = slapd.connector(), later = slapd.connector();  // later: another process, which has tried nothing
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const auto image = before(*connector, Action::lock_and_replace, her);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  const auto lock_out = [&] {
    for (int i = 0; i < 5; ++i) CHECK(slapd.try_bind(dn, k_password) == LDAP_INVALID_CREDENTIALS);
    REQUIRE_FALSE(slapd.root().first(dn, "pwdAccountLockedTime").empty());
  };
  REQUIRE(apply(*connector, Action::restore_account, her, image, testing::k_return_value));
  lock_out();
  CHECK(slapd.try_bind(dn, testing::k_return_value) == LDAP_INVALID_CREDENTIALS);
  const auto seen = look_back(*connector, Action::restore_account, her, image);
  CHECK(seen.there == std::vector{her.id()});
  CHECK(seen.old_way == Presence::absent);
  CHECK(seen.words.find("failed logins") != std::string::npos);
  CHECK(look_back(*later, Action::restore_account, her, image).old_way == Presence::unknown);
  // A repeat lifts the lock: it sets the same password.
  REQUIRE(apply(*later, Action::restore_account, her, image, testing::k_return_value));
  CHECK(slapd.try_bind(dn, testing::k_return_value) == LDAP_SUCCESS);
  CHECK(look_back(*later, Action::restore_account, her, image).old_way == Presence::absent);
  // Another hand's password, and locked on top: what was let in once says nothing any more.
  REQUIRE(slapd.root().replace(dn, {{"userPassword", {"helpdesk-choice"}}}) == LDAP_SUCCESS);
  lock_out();
  CHECK(look_back(*later, Action::restore_account, her, image).old_way == Presence::unknown);
  REQUIRE(slapd.root().remove_value(dn, "pwdAccountLockedTime", slapd.root().first(dn, "pwdAccountLockedTime")) == LDAP_SUCCESS);
  CHECK(look_back(*later, Action::restore_account, her, image).old_way == Presence::present);
}

TEST_CASE("openldap: an account that was given back while somebody tries on with the old password is not taken for another's") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const auto image = before(*connector, Action::lock_and_replace, her);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  {
    const std::jthread devices([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) (void)slapd.try_bind(dn, k_password);
    });
    int told = 0;
    for (int round = 0; round < 5; ++round) {
      CHECK(apply(*connector, Action::restore_account, her, image, testing::k_return_value));
      const auto seen = look_back(*connector, Action::restore_account, her, image);
      CHECK(seen.there == std::vector{her.id()});
      CHECK_MESSAGE(seen.old_way != Presence::present, seen.words);
      if (seen.old_way == Presence::absent) ++told;
    }
    CHECK(told > 0);
    MESSAGE("told ", told, " times of 5");
  }
}

TEST_CASE("openldap: trap: a connection that was bound before the cut would wake up; while it is open nothing is unlocked") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  auto held = slapd.bound(dn);
  REQUIRE(held->read(k_base).has_value());
  const auto image = before(*connector, Action::lock_and_replace, her);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  CHECK_FALSE(held->read(k_base).has_value());

  const auto refused = apply(*connector, Action::restore_account, her, image, testing::k_return_value);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::Code::failed_precondition);
  CHECK(refused.error().what.find("bound before the cut") != std::string::npos);
  CHECK_FALSE(held->read(k_base).has_value());
  CHECK(slapd.try_bind(dn, testing::k_return_value) == LDAP_INVALID_CREDENTIALS);
  CHECK(is_in_switch_group(slapd, dn));

  held.reset();
  REQUIRE(eventually([&] { return apply(*connector, Action::restore_account, her, image, testing::k_return_value).has_value(); }));
  CHECK(slapd.try_bind(dn, testing::k_return_value) == LDAP_SUCCESS);
}

TEST_CASE("openldap: groups come back by the attribute that named her; one that is gone is said, others stay as they are") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice"), other = slapd.add_person("bob");
  const std::string writers = slapd.add_group("writers", {dn, other}), alone = slapd.add_group("alone", {dn}),
                    lost = slapd.add_group("lost", {dn, other});
  const auto her = slapd.account(dn);
  const auto listed = of_kind(inventory(*connector, her).value(), NodeKind::membership);
  REQUIRE(listed.size() == 3);
  const auto image = before(*connector, Action::remove_memberships, her, listed);
  REQUIRE(image.size() == 3);
  for (const auto& node : image) CHECK(node.facts.at("listed_by") == "member");
  REQUIRE(apply(*connector, Action::remove_memberships, her, listed));
  CHECK(look_back(*connector, Action::restore_memberships, her, image).there.empty());
  CHECK(before(*connector, Action::remove_memberships, her, listed).empty());
  REQUIRE(slapd.root().remove(lost) == LDAP_SUCCESS);

  const auto seen = look_back(*connector, Action::restore_memberships, her, image);
  REQUIRE(seen.gone.size() == 1);
  std::vector<model::Node> left;
  for (const auto& node : image)
    if (node.id() != seen.gone[0]) left.push_back(node);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(apply(*connector, Action::restore_memberships, her, left));
    CHECK(look_back(*connector, Action::restore_memberships, her, image).there.size() == 2);
  }
  auto members = slapd.root().read(writers)->at("member");
  std::sort(members.begin(), members.end());
  CHECK(members == std::vector{dn, other});
  // A group of somebody else's choosing is no membership of hers, and the switch group is nobody's.
  model::Node forged = left[0];
  forged.key.native_id = her.key.native_id + ":" + slapd.uuid_of(k_switch);
  CHECK_FALSE(apply(*connector, Action::restore_memberships, her, {forged}));
  forged = left[0];
  forged.facts["listed_by"] = "userPassword";
  CHECK_FALSE(apply(*connector, Action::restore_memberships, her, {forged}));
}

TEST_CASE("openldap: an entry that was deleted since is gone, and is not made anew") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const auto image = before(*connector, Action::lock_and_replace, her);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  REQUIRE(slapd.root().remove(dn) == LDAP_SUCCESS);
  CHECK(look_back(*connector, Action::restore_account, her, image).gone == std::vector{her.id()});
  const auto done = apply(*connector, Action::restore_account, her, image, testing::k_return_value);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == base::Code::not_found);
}

}  // namespace exeunt::tests::openldap
