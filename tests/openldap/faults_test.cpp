// Nothing that goes wrong on the way is read as a refusal, and a write whose answer was lost is not called a failure.
#include <doctest/doctest.h>
#include <ldap.h>

#include "openldap/actions.hpp"
#include "openldap/relay.hpp"
#include "openldap/slapd.hpp"

namespace exeunt::tests::openldap {
namespace {

using base::Code;
using model::Action;
using model::ProbeAnswer;

/// Every call of the contract against a system that cannot be reached, or refuses us.
void check_all_fail(connect::Connector& connector, const model::Node& her, Code code) {
  CHECK(connector.check({}).error().code == code);
  CHECK(connector.accounts({}).error().code == code);
  CHECK(inventory(connector, her).error().code == code);
  CHECK(connector.observe(her, {}).error().code == code);
  CHECK(connector.own_accounts({}).error().code == code);
  for (const Action action :
       {Action::lock_and_replace, Action::disable_account, Action::replace_password, Action::end_sessions, Action::remove_memberships}) {
    CHECK(apply(connector, action, her).error().code == code);
  }
  CHECK(probe(connector, her).answer == ProbeAnswer::unknown);
  CHECK(probe(connector, her).words != "");
}

connect::SystemConfig through(const Slapd& slapd, const Relay& relay) {
  auto config = slapd.config();
  config.values.erase("ca_file");
  config.values["url"] = "ldap://127.0.0.1:" + std::to_string(relay.port());
  config.values["insecure_loopback"] = "true";
  return config;
}

}  // namespace

TEST_CASE("openldap: a server that is down has certainly done nothing, and refuses nobody") {
  Slapd slapd;
  const auto connector = slapd.connector();
  const auto her = slapd.account(slapd.add_person("alice"));
  REQUIRE(apply(*connector, Action::lock_and_replace, her));
  slapd.stop();
  check_all_fail(*connector, her, Code::unavailable);
  CHECK(control(*connector, her).answer == ProbeAnswer::unknown);
  slapd.start();
  CHECK(probe(*connector, her).answer == ProbeAnswer::refused);
  CHECK(control(*connector, her).answer == ProbeAnswer::admitted);
}

TEST_CASE("openldap: our own credentials refused is no refusal of hers") {
  Slapd slapd;
  const auto right = slapd.connector();
  const auto her = slapd.account(slapd.add_person("alice"));
  REQUIRE(apply(*right, Action::lock_and_replace, her));
  REQUIRE(slapd.root().replace(k_engine, {{"userPassword", {"changed-behind-our-back"}}}) == LDAP_SUCCESS);
  const auto connector = slapd.connector();
  check_all_fail(*connector, her, Code::permission_denied);
  CHECK(connector->accounts({}).error().text().find("credential") != std::string::npos);
  CHECK(connector->accounts({}).error().text().find("engine-secret") == std::string::npos);

  REQUIRE(slapd.root().replace(k_control, {{"userPassword", {"changed-behind-our-back"}}}) == LDAP_SUCCESS);
  CHECK(control(*connector, her).answer == ProbeAnswer::unknown);
}

TEST_CASE("openldap: a certificate for another name, or from another authority, stops everything with clear words") {
  Slapd slapd({.certificate_name = "DNS:other.example"}), elsewhere;
  const auto her = slapd.account(slapd.add_person("alice"));
  const auto misnamed = slapd.connector();
  check_all_fail(*misnamed, her, Code::unavailable);
  CAPTURE(misnamed->accounts({}).error().text());
  CHECK(misnamed->accounts({}).error().text().find("certificate does not name 127.0.0.1") != std::string::npos);

  auto config = elsewhere.config();
  config.values["ca_file"] = slapd.config().values["ca_file"];
  const auto untrusted = elsewhere.connector(config);
  check_all_fail(*untrusted, her, Code::unavailable);
  CAPTURE(untrusted->accounts({}).error().text());
  CHECK(untrusted->accounts({}).error().text().find("not from the authority") != std::string::npos);
}

TEST_CASE("openldap: ldap:// is raised to TLS before anything is said") {
  Slapd slapd;
  auto config = slapd.config();
  config.values["url"] = "ldap://127.0.0.1:" + std::to_string(slapd.plain_port());
  config.values["starttls"] = "true";
  CHECK(slapd.connector(config)->accounts({}).has_value());
  Slapd misnamed({.certificate_name = "DNS:other.example"});
  config.values["url"] = "ldap://127.0.0.1:" + std::to_string(misnamed.plain_port());
  config.values["ca_file"] = misnamed.config().values["ca_file"];
  CHECK(slapd.connector(config)->accounts({}).error().code == Code::unavailable);
}

TEST_CASE("openldap: a server that accepts and then says nothing costs the deadline and no more") {
  Slapd slapd;
  Relay mute(slapd.plain_port(), Relay::Fault::mute);
  const auto connector = slapd.connector(through(slapd, mute));
  connect::Deadline deadline{base::Duration(300)};
  CHECK(connector->accounts(deadline).error().code == Code::unavailable);
  auto config = slapd.config();
  config.values["url"] = "ldaps://127.0.0.1:" + std::to_string(mute.port());
  CHECK(slapd.connector(config)->accounts(deadline).error().code == Code::unavailable);
}

TEST_CASE("openldap: a write whose answer was lost took effect and is called outcome_unknown, and can be repeated") {
  for (const Action action : {Action::lock_and_replace, Action::disable_account, Action::end_sessions, Action::remove_memberships}) {
    CAPTURE(std::string(model::name(action)));
    Slapd slapd;
    const std::string dn = slapd.add_person("alice"), group = slapd.add_group("writers", {dn, k_engine});
    const auto her = slapd.account(dn);
    const auto direct = slapd.connector();
    const auto covered = of_kind(inventory(*direct, her).value(), model::NodeKind::membership);
    Relay relay(slapd.plain_port(), Relay::Fault::lose_modify_answer);
    const auto connector = slapd.connector(through(slapd, relay));
    const auto lost = apply(*connector, action, her, covered);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code == Code::outcome_unknown);
    const auto repeated = apply(*connector, action, her, covered);
    REQUIRE_MESSAGE(repeated, (repeated ? "" : repeated.error().text()));
    if (action == Action::lock_and_replace || action == Action::disable_account) CHECK(probe(*direct, her).answer == ProbeAnswer::refused);
    if (action == Action::remove_memberships) CHECK(slapd.root().read(group)->at("member").size() == 1);
  }
}

TEST_CASE("openldap: a connection lost after an earlier write of the same action is not called without effect") {
  Slapd slapd;
  const auto her = slapd.account(slapd.add_person("alice"));
  Relay relay(slapd.plain_port(), Relay::Fault::close_after_modify_answer);
  const auto lost = apply(*slapd.connector(through(slapd, relay)), Action::lock_and_replace, her);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == Code::outcome_unknown);
  REQUIRE(apply(*slapd.connector(through(slapd, relay)), Action::lock_and_replace, her));
  CHECK(probe(*slapd.connector(), her).answer == ProbeAnswer::refused);
}

TEST_CASE("openldap: rights that we lack are named, and nothing is claimed") {
  Slapd slapd({.lock_right = false});
  const auto connector = slapd.connector();
  const std::string dn = slapd.add_person("alice");
  const auto her = slapd.account(dn);
  const auto refused = apply(*connector, Action::lock_and_replace, her);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::permission_denied);
  // Somebody else locked her, and we may not read for how long.
  REQUIRE(slapd.root().replace(dn, {{"pwdAccountLockedTime", {"000001010000Z"}}}) == LDAP_SUCCESS);
  CHECK(probe(*connector, her).answer == ProbeAnswer::unknown);
}

TEST_CASE("openldap: without an overlay ppolicy there is no lock, and that is said") {
  Slapd slapd({.policy_overlay = false});
  const auto connector = slapd.connector();
  const auto her = slapd.account(slapd.add_person("alice"));
  for (const Action action : {Action::lock_and_replace, Action::disable_account}) {
    const auto refused = apply(*connector, action, her);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::failed_precondition);
    CHECK(refused.error().next.find("ppolicy") != std::string::npos);
  }
  CHECK(probe(*connector, her).answer == ProbeAnswer::unknown);
  CHECK(control(*connector, her).answer == ProbeAnswer::unknown);
}

TEST_CASE("openldap: what is not of this system or kind is refused in words") {
  Slapd slapd;
  const auto connector = slapd.connector();
  auto her = slapd.account(slapd.add_person("alice"));
  CHECK(apply(*connector, Action::delete_account, her).error().code == Code::unimplemented);
  CHECK(apply(*connector, Action::lock_and_replace, her, {}, "").error().code == Code::invalid_argument);
  her.key.system = model::SystemId("elsewhere");
  CHECK(apply(*connector, Action::lock_and_replace, her).error().code == Code::invalid_argument);
  CHECK(connector->observe(her, {}).error().code == Code::invalid_argument);
}

}  // namespace exeunt::tests::openldap
