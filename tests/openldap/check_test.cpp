// check: what we may do is shown by doing it on the control identity; what is missing is named, with the gap that follows.
#include <doctest/doctest.h>
#include <ldap.h>

#include <algorithm>

#include "openldap/actions.hpp"
#include "openldap/slapd.hpp"

namespace exeunt::tests::openldap {
namespace {

using model::NodeKind;

bool says(const std::vector<std::string>& lines, const std::string& words) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(words) != std::string::npos; });
}

bool has_gap(const connect::CheckReport& report, NodeKind kind) {
  return std::any_of(report.gaps.begin(), report.gaps.end(), [&](const model::Gap& gap) { return gap.kind == kind; });
}

}  // namespace

TEST_CASE("openldap: check on a directory that has everything finds nothing missing and leaves nothing behind") {
  Slapd slapd;
  auto before = slapd.root().read(k_control);
  const auto report = slapd.connector()->check({});
  REQUIRE_MESSAGE(report, (report ? "" : report.error().text()));
  for (const auto& line : report->missing) FAIL_CHECK(line);
  CHECK(report->gaps.empty());
  CHECK(report->version == "OpenLDAP slapd");
  CHECK(says(report->rights, "root-equivalent"));
  CHECK(says(report->rights, "kill-switch took every right"));
  CHECK(says(report->rights, "pwdAccountLockedTime"));
  CHECK(says(report->rights, "cn=Monitor"));
  CHECK(says(report->rights, "names a lock"));
  auto after = slapd.root().read(k_control);
  for (const char* attribute : {"pwdAccountLockedTime", "pwdEndTime", "memberOf"})
    CHECK(before->count(attribute) == after->count(attribute));
  CHECK(slapd.root().read(k_switch)->at("member") == std::vector<std::string>{"cn=nobody," + k_base});
  CHECK(slapd.try_bind(k_control, "control-secret-1") == LDAP_SUCCESS);
}

TEST_CASE("openldap: check names each setting that is absent, and the gap") {
  struct Row {
    SlapdOptions options;
    const char* drop;  // setting taken out of exeunt.yaml
    const char* words;
    NodeKind gap;
  };
  const Row rows[] = {
      {{.switch_rule = false}, "", "the access rule is absent or stands after others", NodeKind::session},
      {{.switch_group = false}, "", "the switch group does not exist", NodeKind::session},
      {{}, "switch_group", "no switch_group is configured", NodeKind::session},
      {{.monitor_right = false}, "", "does not show even our own connection", NodeKind::session},
      {{.policy_overlay = false}, "", "overlay ppolicy is not loaded", NodeKind::account},
      {{.use_lockout = false}, "", "set ppolicy_use_lockout", NodeKind::account},
      {{}, "control_dn", "no control_dn is configured", NodeKind::account},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    Slapd slapd(row.options);
    auto config = slapd.config();
    config.values.erase(row.drop);
    const auto report = slapd.connector(config)->check({});
    REQUIRE_MESSAGE(report, (report ? "" : report.error().text()));
    CHECK(says(report->missing, row.words));
    CHECK(has_gap(*report, row.gap));
  }
}

TEST_CASE("openldap: check names rights that we lack") {
  Slapd slapd({.lock_right = false});
  const auto report = slapd.connector()->check({}).value();
  CHECK(says(report.missing, "no account can be locked"));
  CHECK(says(report.missing, "a later password reset would unlock"));
}

TEST_CASE("openldap: check does not call a right to passwords granted that is not") {
  Slapd slapd({.password_right = false});
  const auto report = slapd.connector()->check({}).value();
  CHECK(says(report.missing, "passwords cannot be replaced"));
  CHECK_FALSE(says(report.rights, "root-equivalent"));
}

TEST_CASE("openldap: a control identity that an earlier run left in the switch group is taken out again") {
  Slapd slapd;
  REQUIRE(slapd.root().add_value(k_switch, "member", k_control) == LDAP_SUCCESS);
  CHECK(slapd.connector()->check({}).value().gaps.empty());
  CHECK(slapd.bound(k_control, "control-secret-1")->read(k_base).has_value());
}

TEST_CASE("openldap: a locked control identity is a gap, and is not unlocked") {
  Slapd slapd;
  REQUIRE(slapd.root().replace(k_control, {{"pwdEndTime", {"20000101000000Z"}}, {"pwdAccountLockedTime", {"000001010000Z"}}}) ==
          LDAP_SUCCESS);
  const auto connector = slapd.connector();
  CHECK(has_gap(connector->check({}).value(), NodeKind::account));
  CHECK_FALSE(slapd.root().first(k_control, "pwdAccountLockedTime").empty());
  CHECK(control(*connector, slapd.account(k_control)).answer != model::ProbeAnswer::admitted);
}

TEST_CASE("openldap: what a check that was cut off left on the control identity is mended by the next") {
  Slapd slapd;
  REQUIRE(slapd.root().replace(k_control, {{"pwdEndTime", {"19700101000001Z"}}}) == LDAP_SUCCESS);
  const auto report = slapd.connector()->check({}).value();
  for (const auto& line : report.missing) FAIL_CHECK(line);
  CHECK(slapd.root().first(k_control, "pwdEndTime").empty());
}

TEST_CASE("openldap: without a control identity nothing is a control") {
  Slapd slapd;
  auto config = slapd.config();
  config.values.erase("control_dn");
  connect::ProbeRequest request;
  request.target = slapd.account(slapd.add_person("alice"));
  CHECK(slapd.connector(config)->probe_control(request).error().code == base::Code::unimplemented);
}

}  // namespace exeunt::tests::openldap
