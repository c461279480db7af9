#include "plan/restore.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace exeunt::plan {

using model::Action;
using model::Node;
using model::NodeKind;

namespace {

Node node(const char* system, NodeKind kind, const std::string& id) {
  Node out;
  out.key = {model::SystemId(system), kind, id};
  out.label = id;
  return out;
}

model::Catalogue catalogue() {
  model::Catalogue out;
  out.kind = "small";
  out.restores = {{Action::lock_and_replace, Action::restore_account, true, "the old password stays replaced"},
                  {Action::remove_memberships, Action::restore_memberships, false, {}},
                  {Action::end_sessions, std::nullopt, false, "sessions are over"}};
  return out;
}

Step step(const char* id, Action action, const Node& target) {
  Step out;
  out.id = model::StepId(id);
  out.action = action;
  out.target = target;
  out.needs_secret = action == Action::lock_and_replace;
  out.destructive = true;
  return out;
}

/// A directory that is cut first, and a database.
struct Ground {
  std::vector<Plan> plans{1};
  std::vector<TakenStep> taken;
  std::vector<PlannedPath> old_ways;
  std::map<model::SystemId, model::Catalogue> catalogues{{model::SystemId("directory"), catalogue()},
                                                         {model::SystemId("database"), catalogue()}};
  std::set<model::SystemId> identity{model::SystemId("directory")};

  Ground() {
    plans[0].case_id = model::CaseId("c_1");
    plans[0].heirs = {model::PersonId("E9")};
  }
  void took(const char* id, Action action, const Node& target, std::optional<std::vector<Node>> image) {
    taken.push_back({step(id, action, target), std::move(image)});
  }
  base::Result<Plan> compile() const {
    return compile_restore({plans, taken, old_ways, catalogues, identity, 17, "a mistake", model::PersonId("E6")});
  }
};

const Node k_her = node("directory", NodeKind::account, "her"), k_role = node("database", NodeKind::account, "role");

std::vector<std::string> order_of(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& step : plan.steps)
    out.push_back(step.target.key.system.text() + " " + std::string(name(step.action)) + (step.reserve ? " reserve" : ""));
  return out;
}
bool says(const Plan& plan, const std::string& words) {
  return std::any_of(plan.irreversible.begin(), plan.irreversible.end(),
                     [&](const std::string& line) { return line.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("restore: rights first while every account is shut, then accounts, the identity last, each with what shuts it again") {
  Ground ground;
  ground.took("s01", Action::lock_and_replace, k_her, std::vector{k_her});
  ground.took("s02", Action::remove_memberships, k_her, std::vector{node("directory", NodeKind::membership, "her:staff")});
  ground.took("s03", Action::lock_and_replace, k_role, std::vector{k_role});
  ground.took("s04", Action::remove_memberships, k_role, std::vector{node("database", NodeKind::membership, "role:analysts")});
  const auto plan = ground.compile();
  REQUIRE(plan);
  CHECK(order_of(*plan) == std::vector<std::string>{"database restore_memberships", "directory restore_memberships",
                                                    "database restore_account", "database lock_and_replace reserve",
                                                    "directory restore_account", "directory lock_and_replace reserve"});
  CHECK(plan->steps[2].needs_secret);
  CHECK(reserve_of(*plan, plan->steps[2]) == &plan->steps[3]);
  CHECK(reserve_of(*plan, plan->steps[0]) == nullptr);
  CHECK_FALSE(plan->steps[3].destructive);  // nothing may hold it back
  CHECK(plan->heirs == std::vector{model::PersonId("E9")});
  CHECK(plan->hand_to == model::PersonId("E6"));
  CHECK(says(*plan, "the old password stays replaced"));
  // Pure, and its bytes are read back as they were.
  CHECK(to_bytes(*ground.compile()) == to_bytes(*plan));
  const auto again = from_bytes(to_bytes(*plan));
  REQUIRE(again);
  CHECK(to_bytes(*again) == to_bytes(*plan));
}

TEST_CASE("restore: only what was found just before it was taken; the rest is said with its reason") {
  Ground ground;
  ground.took("s01", Action::lock_and_replace, k_her, std::vector<Node>{});  // it was shut before
  ground.took("s02", Action::end_sessions, k_her, std::nullopt);
  ground.took("s03", Action::lock_and_replace, k_role, std::nullopt);  // nobody looked
  ground.took("s04", Action::revoke_keys, k_role, std::nullopt);       // the catalogue says nothing of it
  ground.took("s05", Action::lock_and_replace, node("gone", NodeKind::account, "x"), std::vector{node("gone", NodeKind::account, "x")});
  const auto nothing = ground.compile();
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().code == base::Code::failed_precondition);
  const auto staff = node("directory", NodeKind::membership, "her:staff");
  ground.took("s06", Action::remove_memberships, k_her, std::vector{staff});
  ground.took("s07", Action::remove_memberships, k_her, std::vector{staff});  // never twice
  const auto session = node("directory", NodeKind::session, "old");
  ground.old_ways = {{staff, model::Grade::read_back, false, model::StepId("s06")},
                     {session, model::Grade::read_back, false, model::StepId("s02")}};
  const auto plan = ground.compile();
  REQUIRE(plan);
  CHECK(order_of(*plan) == std::vector<std::string>{"directory restore_memberships"});
  CHECK(plan->hand_to.empty());  // no password is made
  for (const char* words : {"sessions are over", "was not kept", "not implemented", "no longer configured"})
    CHECK_MESSAGE(says(*plan, words), words);
  REQUIRE(plan->paths.size() == 1);  // what comes back is no old way in
  CHECK(plan->paths[0].node.key == session.key);
}

TEST_CASE(
    "restore: an account that only a lock at its source shut comes back with the identity; what it let drain is no old way in any more") {
  Ground ground;
  Node follower = node("provider", NodeKind::account, "her-there"), alone = node("provider", NodeKind::account, "local");
  follower.facts[model::facts::k_locked_at_source] = "yes";
  Node drained = node("provider", NodeKind::token, "her-there:access"), refresh = node("provider", NodeKind::token, "her-there:refresh"),
       drained_elsewhere = node("provider", NodeKind::token, "local:access");
  for (Node* each : {&drained, &drained_elsewhere}) each->facts[model::facts::k_drains] = "yes";
  ground.plans[0].steps = {step("s02", Action::revoke_tokens, follower), step("s03", Action::revoke_tokens, alone)};
  ground.took("s01", Action::lock_and_replace, k_her, std::vector{k_her});
  for (const auto& [way, by] : {std::pair(follower, "s01"), std::pair(alone, "s01"), std::pair(drained, "s02"), std::pair(refresh, "s02"),
                                std::pair(drained_elsewhere, "s03")})
    ground.old_ways.push_back({way, model::Grade::read_back, false, model::StepId(by)});
  const auto plan = ground.compile();
  REQUIRE(plan);
  REQUIRE(plan->steps.size() == 2);
  REQUIRE(plan->steps[0].follows.size() == 1);
  CHECK(plan->steps[0].follows[0].key == follower.key);
  std::vector<std::string> old_ways;
  for (const auto& way : plan->paths) old_ways.push_back(way.node.key.native_id);
  CHECK(old_ways == std::vector<std::string>{"local", "her-there:refresh", "local:access"});
  CHECK(to_bytes(*from_bytes(to_bytes(*plan))) == to_bytes(*plan));
  // Without an identity that comes back it stays an old way in.
  ground.identity = {};
  const auto without = ground.compile();
  REQUIRE(without);
  CHECK(without->steps[0].follows.empty());
  CHECK(without->paths.size() == 5);
}

}  // namespace exeunt::plan
