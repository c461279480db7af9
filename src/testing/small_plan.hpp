// One person on four small systems, planned: for tests of the planner and of what prints plans.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "testing/small_catalogues.hpp"
#include "testing/small_maps.hpp"

namespace exeunt::testing {

/// A person with an account on each system, a role that she created, a shared secret and a key in `deploy`.
struct SmallPlan {
  graph::AccessMap map;
  plan::Policy policy;
  std::map<model::SystemId, model::Catalogue> catalogues = testing::small_catalogues();
  std::map<model::SystemId, model::Node> heirs{{model::SystemId("warehouse"), node("warehouse/account/400", "heir")}};
  std::string name;
  std::vector<model::NodeId> only;

  SmallPlan() {
    map.set_subject(testing::person("E1", "Ada", "ada@example.org", "E9"));
    for (const char* text :
         {"directory/account/u1", "directory/session/127.0.0.1:1", "directory/membership/u1:g1", "warehouse/account/100",
          "warehouse/session/127.0.0.1:2", "warehouse/membership/100:7", "warehouse/account/200", "warehouse/session/127.0.0.1:3",
          "warehouse/account/300", "warehouse/session/127.0.0.1:4", "bastion/account/1001", "bastion/key/1001:SHA256:a",
          "bastion/key/2000:SHA256:b", "bastion/certificate/SHA256:a:7"})
      map.add_node(node(text));
    auto secret = node("warehouse/secret/300", "report-role");
    secret.facts = {{"account", "report_rw"}, {"vault_file", "file:/v/report"}};
    map.add_node(secret);
    map.add_node(node("warehouse/automation/5:900", "sales: f() SECURITY DEFINER"));
    map.add_edge(edge("directory/account/u1", "directory/session/127.0.0.1:1"));
    map.add_edge(edge("directory/account/u1", "directory/membership/u1:g1", model::EdgeKind::member_of));
    map.add_edge(edge("warehouse/account/100", "warehouse/session/127.0.0.1:2"));
    map.add_edge(edge("warehouse/account/100", "warehouse/membership/100:7", model::EdgeKind::member_of));
    map.add_edge(edge("warehouse/account/100", "warehouse/account/200", model::EdgeKind::owns));
    map.add_edge(edge("warehouse/account/100", "warehouse/automation/5:900", model::EdgeKind::owns));
    map.add_edge(edge("warehouse/account/200", "warehouse/session/127.0.0.1:3"));
    map.add_edge(edge("hr/subject/E1", "warehouse/secret/300", model::EdgeKind::knows));
    map.add_edge(edge("hr/subject/E2", "warehouse/secret/300", model::EdgeKind::knows));
    map.add_edge(edge("warehouse/secret/300", "warehouse/account/300", model::EdgeKind::unlocks));
    map.add_edge(edge("warehouse/secret/300", "warehouse/session/127.0.0.1:4"));
    map.add_edge(edge("bastion/account/1001", "bastion/key/1001:SHA256:a"));
    map.add_edge(edge("bastion/account/1001", "bastion/certificate/SHA256:a:7"));
    for (const char* account : {"directory/account/u1", "warehouse/account/100", "bastion/account/1001"}) link("E1", account);
    link("E1", "bastion/key/2000:SHA256:b");
    policy.identity_systems = {model::SystemId("directory")};
    policy.required_grade = {{model::NodeKind::account, model::Grade::refused}, {model::NodeKind::key, model::Grade::refused}};
    policy.heir = model::PersonId("E4");
    policy.digest = "0123";
  }
  void link(const char* person, const char* account, model::LinkStrength strength = model::LinkStrength::strong) {
    map.add_link({model::PersonId(person), model::NodeId(account), strength, "test"});
  }
  base::Result<plan::Plan> compile() const {
    return plan::compile({map, policy, catalogues, model::TenantId("default"), model::CaseId("c_1"), "resignation",
                          model::Urgency::immediate, name, only, heirs});
  }
};

}  // namespace exeunt::testing
