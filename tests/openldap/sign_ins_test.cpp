// The last successful bind, as a real slapd keeps it: hers, never a refused one or a try of ours, and never silence where it is not kept.
#include <doctest/doctest.h>
#include <ldap.h>

#include "openldap/actions.hpp"
#include "openldap/slapd.hpp"
#include "testing/connector_calls.hpp"

namespace exeunt::tests::openldap {

using model::Action;
using model::Completeness;
using testing::sign_ins_since;

TEST_CASE("openldap: her last successful bind is told; a wrong password, a try at the gate and others' binds are none") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("used"), other = slapd.add_person("used-not");
  const auto her = slapd.account(dn);
  const base::Time since = base::SystemClock().now();
  REQUIRE(slapd.try_bind(other, k_password) == LDAP_SUCCESS);
  CHECK(slapd.try_bind(dn, "wrong") == LDAP_INVALID_CREDENTIALS);
  connect::ProbeRequest gate;
  gate.target = her;
  gate.means = model::ProbeMeans::gate;
  CHECK(testing::or_unknown(connector->probe(gate)).answer == model::ProbeAnswer::admitted);
  const auto none = sign_ins_since(*connector, her, since);
  CHECK_MESSAGE(none.completeness == Completeness::lower_bound, none.reason);
  CHECK(none.sign_ins.empty());
  REQUIRE(slapd.try_bind(dn, k_password) == LDAP_SUCCESS);
  const auto told = sign_ins_since(*connector, her, since);
  REQUIRE(told.sign_ins.size() == 1);
  CHECK(told.sign_ins[0].used == her.key);
  CHECK(std::abs((told.sign_ins[0].at - told.clock_offset - since).count()) < 30'000);
  const auto again = sign_ins_since(*connector, her, since);
  REQUIRE(again.sign_ins.size() == 1);
  CHECK(again.sign_ins[0].at == told.sign_ins[0].at);
  // The new password of the cut takes the instant away; a refused bind writes none.
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  CHECK(slapd.try_bind(dn, k_password) == LDAP_INVALID_CREDENTIALS);
  CHECK(sign_ins_since(*connector, her, since).sign_ins.empty());
}

TEST_CASE("openldap: where binds are not kept, or the server's clock is not ours to read, nothing is told and that is said") {
  const Slapd forgetful({.lastbind = false}), closed({.monitor_right = false});
  for (const auto& [slapd, words] : {std::pair(&forgetful, "lastbind on"), std::pair(&closed, "cn=Connections,cn=Monitor")}) {
    const auto connector = slapd->connector();
    connect::SignInRequest request;
    const auto listing = connector->sign_ins(request);
    REQUIRE(listing);
    CHECK(listing->completeness == Completeness::none);
    CHECK_MESSAGE(listing->reason.find(words) != std::string::npos, listing->reason);
  }
}

}  // namespace exeunt::tests::openldap
