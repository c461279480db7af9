// One line a call for the tests: requests with what every test fills in alike.
#pragma once

#include <string>
#include <vector>

#include "base/secret.hpp"
#include "connect/connector.hpp"

namespace exeunt::tests::openldap {

inline connect::ProbeResult probe(connect::Connector& connector, const model::Node& target,
                                  model::ProbeMoment moment = model::ProbeMoment::after) {
  connect::ProbeRequest request;
  request.target = target;
  request.moment = moment;
  return connector.probe(request).value();
}

inline connect::ProbeResult control(connect::Connector& connector, const model::Node& target) {
  connect::ProbeRequest request;
  request.target = target;
  request.moment = model::ProbeMoment::control;
  return connector.probe_control(request).value();
}

inline connect::Observation observe(connect::Connector& connector, const model::Node& target) {
  return connector.observe(target, {}).value();
}

inline base::Result<connect::ApplyOutcome> apply(connect::Connector& connector, model::Action action, const model::Node& target,
                                                 std::vector<model::Node> covered = {},
                                                 const std::string& secret = "a-fresh-secret-of-32-characters") {
  const base::Secret fresh{std::string(secret)};
  connect::ApplyRequest request;
  request.action = action;
  request.target = target;
  request.covered = std::move(covered);
  request.new_secret = &fresh;
  return connector.apply(request);
}

inline base::Result<model::Inventory> inventory(connect::Connector& connector, const model::Node& account) {
  connect::InventoryRequest request;
  request.accounts = {account};
  return connector.inventory(request);
}

inline std::vector<model::Node> of_kind(const model::Inventory& inventory, model::NodeKind kind) {
  std::vector<model::Node> found;
  for (const model::Node& node : inventory.nodes) {
    if (node.key.kind == kind) found.push_back(node);
  }
  return found;
}

inline const model::Listing* listing_of(const model::Inventory& inventory, model::NodeKind kind) {
  for (const model::Listing& listing : inventory.listings) {
    if (listing.kind == kind) return &listing;
  }
  return nullptr;
}

}  // namespace exeunt::tests::openldap
