// The planner against the catalogues that the real connectors ship: what the small ones of its unit tests stand for.
#include <doctest/doctest.h>

#include <algorithm>

#include "connect/attest/catalogue.hpp"
#include "connect/openldap/catalogue.hpp"
#include "connect/openssh/catalogue.hpp"
#include "connect/postgresql/catalogue.hpp"
#include "testing/small_plan.hpp"

namespace exeunt {

using model::Action;
using model::NodeId;

namespace {

testing::SmallPlan company() {
  testing::SmallPlan out;
  out.catalogues = {{model::SystemId("directory"), connect::openldap_catalogue()},
                    {model::SystemId("warehouse"), connect::postgresql_catalogue()},
                    {model::SystemId("bastion"), connect::openssh_catalogue()},
                    {model::SystemId("desk"), connect::attest_catalogue()}};
  return out;
}

plan::Plan planned(const testing::SmallPlan& company) {
  auto out = company.compile();
  REQUIRE_MESSAGE(out.has_value(), out.error().text());
  return *out;
}

const plan::Step& step(const plan::Plan& plan, Action action, const std::string& target) {
  const auto found = std::find_if(plan.steps.begin(), plan.steps.end(),
                                  [&](const plan::Step& s) { return s.action == action && s.target.id().text() == target; });
  const std::string wanted = std::string(name(action)) + " " + target;
  REQUIRE_MESSAGE(found != plan.steps.end(), wanted);
  return *found;
}

}  // namespace

TEST_CASE("real catalogues: every way in of the small company has its step") {
  const auto plan = planned(company());
  for (const auto& path : plan.paths) {
    CAPTURE(path.node.id().text());
    CHECK_FALSE(path.step.empty());
  }
}

TEST_CASE("real catalogues: lock and reset are one call, and come before what they protect") {
  const auto plan = planned(company());
  for (const auto& one : plan.steps) CHECK(one.action != Action::replace_password);
  for (const char* account : {"directory/account/u1", "warehouse/account/100", "warehouse/account/200"}) {
    CAPTURE(account);
    const auto& lock = step(plan, Action::lock_and_replace, account);
    for (const Action later : {Action::end_sessions, Action::remove_memberships}) {
      const auto& after = step(plan, later, account).after;
      CHECK(std::find(after.begin(), after.end(), lock.id) != after.end());
    }
  }
  CHECK(step(plan, Action::lock_and_replace, "directory/account/u1").stage == model::Stage::identity);
  CHECK(step(plan, Action::lock_and_replace, "warehouse/account/100").stage == model::Stage::downstream);
}

TEST_CASE("real catalogues: on a host keys and certificates go first, then the account, then its sessions") {
  const auto plan = planned(company());
  const auto id = [&](Action action) { return step(plan, action, "bastion/account/1001").id; };
  CHECK(id(Action::revoke_keys) < id(Action::disable_account));
  CHECK(id(Action::revoke_certificates) < id(Action::disable_account));
  CHECK(id(Action::disable_account) < id(Action::end_sessions));
  // Her key in the shared account is a target of its own; the shared account is none.
  CHECK(step(plan, Action::revoke_keys, "bastion/key/2000:SHA256:b").id < step(plan, Action::end_sessions, "bastion/key/2000:SHA256:b").id);
}

TEST_CASE("real catalogues: a directory whose reset does not re-assert the lock is refused") {
  auto planted = company();
  for (auto& spec : planted.catalogues.at(model::SystemId("directory")).actions)
    if (spec.action == Action::replace_password) spec.reasserts = false;
  const auto plan = planted.compile();
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().what.find("re-asserts") != std::string::npos);
}

TEST_CASE("real catalogues: what disabling the accounts alone leaves") {
  const auto usual = company();
  std::vector<std::string> left;
  for (const auto& path : usual.map.survivors({Action::disable_account}, usual.catalogues)) left.push_back(path.node.id().text());
  CHECK(left == std::vector<std::string>{"bastion/key/1001:SHA256:a", "bastion/key/2000:SHA256:b", "bastion/certificate/SHA256:a:7",
                                         "directory/session/127.0.0.1:1", "directory/membership/u1:g1", "warehouse/account/200",
                                         "warehouse/session/127.0.0.1:2", "warehouse/session/127.0.0.1:3", "warehouse/session/127.0.0.1:4",
                                         "warehouse/membership/100:7", "warehouse/secret/300"});
}

}  // namespace exeunt
