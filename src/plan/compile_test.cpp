#include <doctest/doctest.h>

#include <algorithm>

#include "testing/small_plan.hpp"

namespace exeunt::plan {

using model::Action;
using model::EdgeKind;
using model::Grade;
using model::LinkStrength;
using model::NodeId;
using model::NodeKind;
using model::PersonId;
using model::Stage;
using testing::edge;
using testing::node;

namespace {

using Fixture = testing::SmallPlan;

model::NodeId id(const char* text) { return NodeId(text); }

Plan planned(const Fixture& fixture) {
  auto out = fixture.compile();
  REQUIRE_MESSAGE(out.has_value(), out.error().text());
  return *out;
}

const Step* find(const Plan& plan, Action action, const char* target) {
  const auto found =
      std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& s) { return s.action == action && s.target.id() == id(target); });
  return found == plan.steps.end() ? nullptr : &*found;
}
const Step& step(const Plan& plan, Action action, const char* target) {
  const Step* found = find(plan, action, target);
  const std::string wanted = std::string(name(action)) + " " + target;
  REQUIRE_MESSAGE(found != nullptr, wanted);
  return *found;
}
const PlannedPath& path(const Plan& plan, const char* target) {
  const auto found = std::find_if(plan.paths.begin(), plan.paths.end(), [&](const PlannedPath& p) { return p.node.id() == id(target); });
  REQUIRE_MESSAGE(found != plan.paths.end(), target);
  return *found;
}
bool waits_for(const Step& then, const Step& first) {
  return std::find(then.after.begin(), then.after.end(), first.id) != then.after.end();
}

}  // namespace

TEST_CASE("plan: stages stand in their order, identity first, and ids count up") {
  const Plan plan = planned(Fixture());
  REQUIRE_FALSE(plan.steps.empty());
  CHECK(plan.steps.front().action == Action::lock_and_replace);
  CHECK(plan.steps.front().target.id() == id("directory/account/u1"));
  CHECK(plan.steps.front().id == model::StepId("s01"));
  for (std::size_t i = 1; i < plan.steps.size(); ++i) {
    CHECK(plan.steps[i - 1].stage <= plan.steps[i].stage);
    CHECK(plan.steps[i - 1].id < plan.steps[i].id);
  }
  CHECK(step(plan, Action::end_sessions, "directory/account/u1").stage == Stage::identity);
  CHECK(step(plan, Action::rotate_secret, "warehouse/secret/300").stage == Stage::credentials);
  CHECK(step(plan, Action::lock_and_replace, "warehouse/account/100").stage == Stage::downstream);
  CHECK(step(plan, Action::transfer_ownership, "warehouse/account/100").stage == Stage::continuity);
}

TEST_CASE("plan: a composed action takes the place of its parts, and a deletion is made only where the policy says so") {
  Fixture fixture;
  const Plan plan = planned(fixture);
  CHECK(find(plan, Action::disable_account, "directory/account/u1") == nullptr);
  CHECK(find(plan, Action::replace_password, "directory/account/u1") == nullptr);
  CHECK(find(plan, Action::delete_account, "warehouse/account/100") == nullptr);
  CHECK(find(plan, Action::revoke_keys, "bastion/account/1001") !=
        nullptr);  // end_sessions there composes itself with it, and stays a step too
  fixture.policy.delete_accounts = true;
  const Plan deleting = planned(fixture);
  const Step& removal = step(deleting, Action::delete_account, "warehouse/account/100");
  CHECK(waits_for(removal, step(deleting, Action::end_sessions, "warehouse/account/100")));
  CHECK(waits_for(removal, step(deleting, Action::transfer_ownership, "warehouse/account/100")));
}

TEST_CASE("plan: logins are shut before sessions end, locks set before memberships go, keys go before the account counts as shut") {
  const Plan plan = planned(Fixture());
  for (const char* account : {"directory/account/u1", "warehouse/account/100", "warehouse/account/200"}) {
    CAPTURE(account);
    CHECK(waits_for(step(plan, Action::end_sessions, account), step(plan, Action::lock_and_replace, account)));
    CHECK(waits_for(step(plan, Action::remove_memberships, account), step(plan, Action::lock_and_replace, account)));
  }
  CHECK(waits_for(step(plan, Action::end_sessions, "bastion/account/1001"), step(plan, Action::revoke_keys, "bastion/account/1001")));
  CHECK(
      waits_for(step(plan, Action::end_sessions, "bastion/account/1001"), step(plan, Action::revoke_certificates, "bastion/account/1001")));
  CHECK(waits_for(step(plan, Action::disable_account, "bastion/account/1001"), step(plan, Action::revoke_keys, "bastion/account/1001")));
  CHECK(step(plan, Action::end_sessions, "warehouse/account/100").why.find("reconnects at once") != std::string::npos);
}

TEST_CASE("plan: a directory that is not the identity provider is cut downstream, its memberships after the lock") {
  Fixture fixture;
  fixture.policy.identity_systems.clear();
  const Plan plan = planned(fixture);
  CHECK(step(plan, Action::lock_and_replace, "directory/account/u1").stage == Stage::downstream);
  CHECK(step(plan, Action::remove_memberships, "directory/account/u1").stage == Stage::downstream);
}

TEST_CASE("plan: a database that is the identity provider is cut first") {
  Fixture fixture;
  fixture.policy.identity_systems = {model::SystemId("warehouse")};
  const Plan plan = planned(fixture);
  CHECK(step(plan, Action::lock_and_replace, "warehouse/account/100").stage == Stage::identity);
  CHECK(step(plan, Action::end_sessions, "warehouse/account/100").stage == Stage::identity);
}

TEST_CASE("plan: every path has the step that ends it, by name or by rule") {
  const Plan plan = planned(Fixture());
  CHECK(plan.paths.size() == 14);
  for (const auto& one : plan.paths) {
    CAPTURE(one.node.id().text());
    CHECK_FALSE(one.step.empty());
  }
  CHECK(path(plan, "warehouse/session/127.0.0.1:4").step == step(plan, Action::rotate_secret, "warehouse/secret/300").id);
  CHECK(path(plan, "warehouse/session/127.0.0.1:3").step == step(plan, Action::end_sessions, "warehouse/account/200").id);
  CHECK(path(plan, "bastion/key/2000:SHA256:b").step == step(plan, Action::revoke_keys, "bastion/key/2000:SHA256:b").id);
  CHECK(path(plan, "warehouse/account/100").required == Grade::refused);
  CHECK(path(plan, "warehouse/session/127.0.0.1:2").required == Grade::read_back);
  // Nothing of the kind is there today: what comes until the step runs is covered all the same.
  CHECK(find(plan, Action::end_sessions, "bastion/account/1001") != nullptr);
  CHECK(step(plan, Action::end_sessions, "bastion/account/1001").by_rule);
}

TEST_CASE("plan: what no action ends is a gap, and its path stays in the plan") {
  Fixture fixture;
  fixture.map.add_node(node("warehouse/token/77"));
  fixture.map.add_edge(edge("warehouse/account/100", "warehouse/token/77"));
  const Plan plan = planned(fixture);
  CHECK(path(plan, "warehouse/token/77").step.empty());
  CHECK(std::any_of(plan.gaps.begin(), plan.gaps.end(),
                    [](const model::Gap& gap) { return gap.kind == NodeKind::token && gap.system.text() == "warehouse"; }));
}

TEST_CASE("plan: a shared account is never a target, its secret is rotated where it is kept") {
  const Plan plan = planned(Fixture());
  for (const auto& one : plan.steps) CHECK(one.target.id() != id("warehouse/account/300"));
  const Step& rotate = step(plan, Action::rotate_secret, "warehouse/secret/300");
  CHECK(rotate.vault_reference == "file:/v/report");
  CHECK(rotate.needs_secret);
  CHECK(plan.bystanders == std::vector<NodeId>{id("hr/subject/E2")});
}

TEST_CASE("plan: a secret that nothing says where to keep is a gap, not a rotation") {
  Fixture fixture;
  graph::AccessMap bare;
  bare.set_subject(fixture.map.subject());
  for (auto one : fixture.map.nodes()) {
    one.facts.erase("vault_file");
    bare.add_node(one);
  }
  for (const auto& one : fixture.map.edges()) bare.add_edge(one);
  for (const auto& one : fixture.map.links()) bare.add_link(one);
  fixture.map = bare;
  CHECK(find(planned(fixture), Action::rotate_secret, "warehouse/secret/300") == nullptr);
  fixture.policy.secrets = {{"report-role", model::SystemId("warehouse"), "report_rw", {PersonId("E1")}, "", "file:/v/from-policy"}};
  CHECK(step(planned(fixture), Action::rotate_secret, "warehouse/secret/300").vault_reference == "file:/v/from-policy");
}

TEST_CASE("plan: ownership goes to the heir after a named person read her code; without an heir's account it is a gap") {
  Fixture fixture;
  const Plan plan = planned(fixture);
  const Step& transfer = step(plan, Action::transfer_ownership, "warehouse/account/100");
  REQUIRE(transfer.heir.has_value());
  CHECK(transfer.heir->label == "heir");
  const Step& review = step(plan, Action::review, "desk/resource/c_1/review/warehouse/automation/5:900");
  CHECK(review.assignee == PersonId("E4"));
  CHECK(waits_for(transfer, review));
  CHECK(plan.heirs == std::vector<PersonId>{PersonId("E4")});
  fixture.heirs.clear();
  const Plan poor = planned(fixture);
  CHECK(find(poor, Action::transfer_ownership, "warehouse/account/100") == nullptr);
  CHECK(poor.heirs.empty());
  CHECK(poor.gaps.size() == plan.gaps.size() + 1);
}

TEST_CASE("plan: tasks are asked of their person, of the manager where none is named, never of the subject") {
  Fixture fixture;
  fixture.policy.tasks = {{"badge", "collect the badge", PersonId("E12"), std::chrono::hours(24)},
                          {"laptop", "collect the laptop", PersonId(), std::chrono::hours(24)},
                          {"car", "collect the car", PersonId("E1"), std::chrono::hours(24)}};
  const Plan plan = planned(fixture);
  CHECK(step(plan, Action::attest, "desk/resource/c_1/badge").assignee == PersonId("E12"));
  CHECK(step(plan, Action::attest, "desk/resource/c_1/laptop").assignee == PersonId("E9"));
  CHECK(step(plan, Action::attest, "desk/resource/c_1/car").assignee == PersonId("E9"));
  CHECK(step(plan, Action::attest, "desk/resource/c_1/badge").target.facts.at("subject") == "E1");
  fixture.catalogues.erase(model::SystemId("desk"));
  const Plan without = planned(fixture);
  CHECK(find(without, Action::attest, "desk/resource/c_1/badge") == nullptr);
  CHECK(std::count_if(without.gaps.begin(), without.gaps.end(), [](const model::Gap& gap) { return gap.system.text() == "policy"; }) == 3);
}

TEST_CASE("plan: a delta plan is for the named nodes and what hangs below them, with ids of its own") {
  Fixture fixture;
  fixture.policy.tasks = {{"badge", "collect the badge", PersonId("E12"), std::chrono::hours(24)}};
  fixture.name = "d1";
  fixture.only = {id("warehouse/account/200"), id("warehouse/session/127.0.0.1:3")};
  const Plan plan = planned(fixture);
  CHECK(plan.steps.front().id == model::StepId("d1.s01"));
  for (const auto& one : plan.steps) CHECK(one.target.id() == id("warehouse/account/200"));
  CHECK(plan.paths.size() == 2);
  fixture.only = {id("warehouse/session/127.0.0.1:4")};  // a session by itself brings the secret that it hangs on
  const Plan session = planned(fixture);
  CHECK(session.paths.size() == 1);
  CHECK(session.steps.size() == 1);
  CHECK(session.steps.front().action == Action::rotate_secret);
}

TEST_CASE("plan: what is protected, or Exeunt's own, refuses the plan") {
  const auto refused = [](const Fixture& fixture, const char* words) {
    const auto plan = fixture.compile();
    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().code == base::Code::failed_precondition);
    CHECK_MESSAGE(plan.error().what.find(words) != std::string::npos, plan.error().what);
  };
  Fixture by_id;
  by_id.policy.protected_nodes = {id("warehouse/account/200")};
  refused(by_id, "warehouse/account/200, which is protected");
  Fixture session;
  session.policy.protected_nodes = {id("directory/session/127.0.0.1:1")};
  refused(session, "directory/session/127.0.0.1:1");
  Fixture subject;
  subject.policy.protected_people = {PersonId("E1")};
  refused(subject, "person E1 is protected");
  Fixture shared;
  shared.policy.protected_people = {PersonId("E2")};
  shared.link("E2", "warehouse/account/100");
  refused(shared, "also E2's");
  Fixture own;
  auto exeunt = node("directory/account/u1");
  exeunt.facts = {{std::string(k_fact_own_account), "yes"}};
  own.map.add_node(exeunt);
  refused(own, "Exeunt itself stands on");
  Fixture heir;
  heir.policy.heir = PersonId("E1");
  refused(heir, "inherit from herself");
  Fixture blast;
  blast.policy.destructive_calls_max = 1;
  refused(blast, "destructive calls");
}

TEST_CASE("plan: a protected shared account whose secret is rotated does not hold the plan back") {
  Fixture fixture;
  fixture.policy.protected_nodes = {id("warehouse/account/300")};
  CHECK(fixture.compile().has_value());
}

TEST_CASE("plan: nothing to do says what waits") {
  Fixture fixture;
  fixture.map = {};
  fixture.map.set_subject(testing::person("E1"));
  fixture.link("E1", "directory/account/u1", LinkStrength::proposed);
  const auto plan = fixture.compile();
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().next.find("1 proposed") != std::string::npos);
}

TEST_CASE("plan: an OpenLDAP catalogue whose reset does not re-assert the lock is refused") {
  Fixture fixture;
  auto& directory = fixture.catalogues.at(model::SystemId("directory"));
  for (auto& spec : directory.actions)
    if (spec.action == Action::replace_password) spec.reasserts = false;
  const auto plan = fixture.compile();
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().code == base::Code::failed_precondition);
  CHECK(plan.error().what.find("replace_password silently undoes disable_account") != std::string::npos);
  // Composed with what it undoes it stands.
  for (auto& spec : directory.actions)
    if (spec.action == Action::replace_password) spec.composed_of = {Action::replace_password, Action::disable_account};
  CHECK(fixture.compile().has_value());
}

TEST_CASE("plan: order laws that contradict each other are refused") {
  Fixture fixture;
  auto& laws = fixture.catalogues.at(model::SystemId("bastion")).laws;
  laws.push_back({Action::end_sessions, Action::revoke_keys, "planted"});
  const auto plan = fixture.compile();
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().what.find("contradict each other") != std::string::npos);
}

TEST_CASE("plan: what had ended before we came is required at a grade that can still be shown") {
  Fixture fixture;
  auto locked = node("warehouse/account/100");
  locked.live = false;
  fixture.map.add_node(locked);
  const Plan plan = planned(fixture);
  CHECK(path(plan, "warehouse/account/100").required == Grade::read_back);
  CHECK_FALSE(path(plan, "warehouse/account/100").watched_only);
  CHECK(find(plan, Action::lock_and_replace, "warehouse/account/100") != nullptr);
}

TEST_CASE("plan: requirements of one system go before the general ones, and a grade out of reach is said") {
  Fixture fixture;
  fixture.policy.required_grade_on[model::SystemId("warehouse")] = {{NodeKind::membership, Grade::refused}};
  fixture.policy.watched_only = {NodeKind::certificate};
  const Plan plan = planned(fixture);
  CHECK(path(plan, "warehouse/membership/100:7").required == Grade::refused);
  CHECK(path(plan, "directory/membership/u1:g1").required == Grade::read_back);
  CHECK(path(plan, "bastion/certificate/SHA256:a:7").watched_only);
  CHECK(step(plan, Action::remove_memberships, "warehouse/account/100").why.find("an exception will be needed") != std::string::npos);
}

TEST_CASE("plan: what cannot be undone, how much is destroyed and how fast it can be is said before the approval") {
  const Plan plan = planned(Fixture());
  CHECK(plan.irreversible.size() == 4);  // rotate, transfer, and the sessions of two anchors on the bastion
  CHECK(plan.destructive_calls == 8);
  // warehouse: 3 locks and ends … at 2 a second behind a burst of 4; nobody is slower.
  CHECK(plan.binding_system == model::SystemId("warehouse"));
  CHECK(plan.lower_bound > base::Duration{0});
  Fixture fast;
  fast.policy.budgets[model::SystemId("warehouse")] = {1000, 1000, 4};
  CHECK(planned(fast).lower_bound == base::Duration{0});
}

}  // namespace exeunt::plan
