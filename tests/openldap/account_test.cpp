// The account's own way in: lock, reset and gate, with the traps that slapd sets for whoever does them one after the other.
#include <doctest/doctest.h>
#include <ldap.h>

#include "openldap/actions.hpp"
#include "openldap/slapd.hpp"

namespace exeunt::tests::openldap {
namespace {

using model::Action;
using model::ProbeAnswer;

const std::string k_for_good = "000001010000Z";

}  // namespace

TEST_CASE("openldap: the gate tells alive, cut and nonexistent apart") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const auto her = slapd.account(slapd.add_person("alice"));
  auto nobody = her;
  nobody.key.native_id = "00000000-0000-4000-8000-000000000000";

  CHECK(probe(*connector, her).answer == ProbeAnswer::admitted);
  CHECK(probe(*connector, nobody).answer == ProbeAnswer::unknown);
  CHECK(control(*connector, her).answer == ProbeAnswer::admitted);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  const auto cut = probe(*connector, her);
  CHECK(cut.answer == ProbeAnswer::refused);
  CHECK(cut.reason == "49+accountLocked");
  CHECK(control(*connector, her).answer == ProbeAnswer::admitted);
}

TEST_CASE("openldap: a try before the cut is not made, so that it is no failed login") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  connect::ProbeRequest request;
  request.target = slapd.account(dn);
  request.moment = model::ProbeMoment::before;
  CHECK(connector->probe(request)->answer == ProbeAnswer::unknown);
  CHECK(slapd.root().first(dn, "pwdFailureTime").empty());
}

TEST_CASE("openldap: a live account with failed logins is not pushed to its lock-out") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  for (int i = 0; i < 12; ++i) probe(*connector, slapd.account(dn));
  CHECK(slapd.root().first(dn, "pwdAccountLockedTime").empty());
  CHECK(slapd.try_bind(dn, k_password) == LDAP_SUCCESS);
}

TEST_CASE("openldap: a lock by failed logins is not a refusal that lasts") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  for (int i = 0; i < 5; ++i) CHECK(slapd.try_bind(dn, "wrong") == LDAP_INVALID_CREDENTIALS);
  REQUIRE_FALSE(slapd.root().first(dn, "pwdAccountLockedTime").empty());
  CHECK(probe(*connector, slapd.account(dn)).answer == ProbeAnswer::unknown);
  CHECK(observe(*connector, slapd.account(dn)).presence == connect::Presence::present);
}

TEST_CASE("openldap: reset and lock hold together, from every state that an account can be in") {
  Slapd slapd;
  const auto connector = slapd.connector();
  struct Row {
    const char* uid;
    const char* policy;
    void (*before)(Slapd&, const std::string& dn);
  };
  const Row rows[] = {
      {"live", "", [](Slapd&, const std::string&) {}},
      {"locked-by-an-administrator", "",
       [](Slapd& s, const std::string& dn) { s.root().replace(dn, {{"pwdAccountLockedTime", {k_for_good}}}); }},
      {"locked-by-failures", "",
       [](Slapd& s, const std::string& dn) {
         for (int i = 0; i < 5; ++i) (void)s.try_bind(dn, "wrong");
       }},
      {"lock-means-nothing", "services", [](Slapd&, const std::string&) {}},
      {"too-young-to-change", "old",
       [](Slapd& s, const std::string& dn) { (void)s.bound(dn)->change_password(dn, "her-own-second-choice"); }},
      {"without-a-password", "", [](Slapd& s, const std::string& dn) { s.root().replace(dn, {{"userPassword", {}}}); }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.uid);
    const std::string dn = slapd.add_person(row.uid, {}, row.policy);
    row.before(slapd, dn);
    const auto her = slapd.account(dn);
    for (int round = 0; round < 3; ++round) {  // a repeat sets the same and never unlocks
      CAPTURE(round);
      const auto done = apply(*connector, Action::lock_and_replace, her, {}, "the-new-secret-of-this-case");
      REQUIRE_MESSAGE(done, (done ? "" : done.error().text()));
      CHECK(slapd.root().first(dn, "pwdAccountLockedTime") == k_for_good);
      CHECK(probe(*connector, her).answer == ProbeAnswer::refused);
      for (const std::string& password : {k_password, std::string("the-new-secret-of-this-case"), std::string("her-own-second-choice")}) {
        CHECK(slapd.try_bind(dn, password) == LDAP_INVALID_CREDENTIALS);
      }
    }
    // The password itself went, and not only the lock stands before it.
    slapd.root().replace(dn, {{"pwdAccountLockedTime", {}}, {"pwdEndTime", {}}});
    CHECK(slapd.try_bind(dn, k_password) == LDAP_INVALID_CREDENTIALS);
    CHECK(slapd.try_bind(dn, "her-own-second-choice") == LDAP_INVALID_CREDENTIALS);
  }
}

TEST_CASE("openldap: trap: a reset that forgets the lock would clear it, ours keeps it") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  REQUIRE(apply(*connector, Action::disable_account, her));
  REQUIRE(apply(*connector, Action::disable_account, her));
  CHECK(probe(*connector, her).answer == ProbeAnswer::refused);

  // The trap itself, as a helpdesk springs it.
  REQUIRE(slapd.root().replace(dn, {{"userPassword", {"helpdesk-choice"}}}) == LDAP_SUCCESS);
  CHECK(slapd.try_bind(dn, "helpdesk-choice") == LDAP_SUCCESS);
  CHECK(probe(*connector, her).answer == ProbeAnswer::admitted);

  REQUIRE(apply(*connector, Action::disable_account, her));
  REQUIRE(apply(*connector, Action::replace_password, her));
  CHECK(slapd.root().first(dn, "pwdAccountLockedTime") == k_for_good);
  CHECK(probe(*connector, her).answer == ProbeAnswer::refused);
}

TEST_CASE("openldap: a helpdesk's reset after the cut does not let her in") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  REQUIRE(slapd.root().replace(dn, {{"userPassword", {"helpdesk-choice"}}}) == LDAP_SUCCESS);
  CHECK(slapd.root().first(dn, "pwdAccountLockedTime").empty());
  CHECK(slapd.try_bind(dn, "helpdesk-choice") == LDAP_INVALID_CREDENTIALS);
  CHECK(probe(*connector, her).answer == ProbeAnswer::refused);
}

TEST_CASE("openldap: trap: a held connection that changes its password clears a lock alone, and cannot after the composed action") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string alone = slapd.add_person("alone"), composed = slapd.add_person("composed");
  const auto held_alone = slapd.bound(alone), held_composed = slapd.bound(composed);

  REQUIRE(apply(*connector, Action::disable_account, slapd.account(alone)));
  CHECK(held_alone->change_password(alone, "her-own-second-choice") == LDAP_SUCCESS);
  CHECK(slapd.try_bind(alone, "her-own-second-choice") == LDAP_SUCCESS);
  CHECK(probe(*connector, slapd.account(alone)).answer == ProbeAnswer::admitted);

  REQUIRE(apply(*connector, Action::lock_and_replace, slapd.account(composed)));
  CHECK(held_composed->change_password(composed, "her-own-second-choice") == LDAP_INSUFFICIENT_ACCESS);
  CHECK(probe(*connector, slapd.account(composed)).answer == ProbeAnswer::refused);
}

TEST_CASE("openldap: without a switch a held connection may clear the lock, and still nobody gets in") {
  Slapd slapd({.switch_rule = false});
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto held = slapd.bound(dn);
  const auto her = slapd.account(dn);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  CHECK(held->change_password(dn, "her-own-second-choice") == LDAP_SUCCESS);
  CHECK(slapd.root().first(dn, "pwdAccountLockedTime").empty());
  CHECK(slapd.try_bind(dn, "her-own-second-choice") == LDAP_INVALID_CREDENTIALS);
  REQUIRE(apply(*connector, Action::end_sessions, her));
  CHECK(slapd.root().first(dn, "pwdAccountLockedTime") == k_for_good);
}

TEST_CASE("openldap: trap: a second password value ends in the same modify as the lock") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  REQUIRE(slapd.root().add_value(dn, "userPassword", "the-twin") == LDAP_SUCCESS);
  REQUIRE(slapd.try_bind(dn, "the-twin") == LDAP_SUCCESS);
  REQUIRE(apply(*connector, Action::lock_and_replace, slapd.account(dn)));
  CHECK(probe(*connector, slapd.account(dn)).answer == ProbeAnswer::refused);
  slapd.root().replace(dn, {{"pwdAccountLockedTime", {}}, {"pwdEndTime", {}}});
  CHECK(slapd.try_bind(dn, "the-twin") == LDAP_INVALID_CREDENTIALS);
}

TEST_CASE("openldap: a server that keeps the cause to itself is never read as refusing") {
  Slapd slapd({.use_lockout = false});
  const auto connector = slapd.connector();
  const auto her = slapd.account(slapd.add_person("alice"));
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  CHECK(probe(*connector, her).answer == ProbeAnswer::admitted);
}

TEST_CASE("openldap: an entry renamed or moved since is found by its entryUUID, and a deleted one is said to be gone") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const auto her = slapd.account(slapd.add_person("alice"));
  REQUIRE(slapd.root().rename(slapd.person_dn("alice"), "uid=malice") == LDAP_SUCCESS);
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  CHECK(slapd.try_bind(slapd.person_dn("malice"), k_password) == LDAP_INVALID_CREDENTIALS);
  CHECK(probe(*connector, her).answer == ProbeAnswer::refused);

  REQUIRE(slapd.root().remove(slapd.person_dn("malice")) == LDAP_SUCCESS);
  CHECK(probe(*connector, her).answer == ProbeAnswer::unknown);
  CHECK(observe(*connector, her).presence == connect::Presence::absent);
  for (const Action action : {Action::lock_and_replace, Action::disable_account, Action::end_sessions}) {
    CHECK(apply(*connector, action, her).has_value());
  }
}

}  // namespace exeunt::tests::openldap
