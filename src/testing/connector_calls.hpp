// One line a call for tests of a connector: requests with what every test fills in alike, and what it asks of the answers.
#pragma once

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "connect/connector.hpp"
#include "connect/system_config.hpp"

namespace exeunt::testing {

/// What a test sets as the new value where it does not matter which.
inline const std::string k_case_value = "a value of the case, never repeated";

/// Settings that a test changes; an empty value takes one out.
using Changes = std::vector<std::pair<std::string, std::string>>;
inline connect::SystemConfig changed(connect::SystemConfig config, const Changes& changes) {
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      config.values.erase(key);
    } else {
      config.values[key] = value;
    }
  }
  return config;
}

/// nullptr, with words on stdout, where it could not be made.
inline std::unique_ptr<connect::Connector> made_or_said(base::Result<std::unique_ptr<connect::Connector>> connector) {
  if (!connector) std::printf("%s\n", connector.error().text().c_str());
  return connector ? std::move(*connector) : nullptr;
}

/// Inventory, and what a test asks of it.
struct Seen {
  model::Inventory inventory;

  [[nodiscard]] const model::Node* node(model::NodeKind kind, const std::string& native_id) const {
    const auto found = std::find_if(inventory.nodes.begin(), inventory.nodes.end(),
                                    [&](const model::Node& one) { return one.key.kind == kind && one.key.native_id == native_id; });
    return found == inventory.nodes.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::vector<model::Node> all(model::NodeKind kind) const {
    std::vector<model::Node> nodes;
    for (const model::Node& one : inventory.nodes) {
      if (one.key.kind == kind) nodes.push_back(one);
    }
    return nodes;
  }
  [[nodiscard]] const model::Listing* listing(model::NodeKind kind, const std::string& account) const {
    const auto found = std::find_if(inventory.listings.begin(), inventory.listings.end(),
                                    [&](const model::Listing& one) { return one.kind == kind && one.account == account; });
    return found == inventory.listings.end() ? nullptr : &*found;
  }
  [[nodiscard]] bool gap_names(const std::string& words) const {
    return std::any_of(inventory.gaps.begin(), inventory.gaps.end(),
                       [&](const model::Gap& gap) { return gap.words.find(words) != std::string::npos; });
  }
};

inline Seen look_at(connect::Connector& connector, std::vector<model::Node> accounts, const std::vector<model::Node>& secrets) {
  connect::InventoryRequest request;
  request.accounts = std::move(accounts);
  request.secrets = secrets;
  auto inventory = connector.inventory(request);
  if (!inventory) std::printf("%s\n", inventory.error().text().c_str());
  return {inventory ? std::move(*inventory) : model::Inventory{}};
}

inline base::Result<connect::ApplyOutcome> act_with(connect::Connector& connector, model::Action action, const model::Node& target,
                                                    std::vector<model::Node> covered, const base::Secret* value) {
  connect::ApplyRequest request;
  request.action = action;
  request.target = target;
  request.covered = std::move(covered);
  request.new_secret = value;
  return connector.apply(request);
}
inline base::Result<connect::ApplyOutcome> act(connect::Connector& connector, model::Action action, const model::Node& target,
                                               std::vector<model::Node> covered = {}) {
  const base::Secret value{std::string(k_case_value)};
  return act_with(connector, action, target, std::move(covered), &value);
}

/// An error is an answer that there is not.
inline connect::ProbeResult or_unknown(const base::Result<connect::ProbeResult>& result) {
  return result ? *result : connect::ProbeResult{model::ProbeAnswer::unknown, model::ProbeMeans::none, "error", result.error().text()};
}
inline connect::ProbeResult own(connect::Connector& connector, const model::Node& target, const base::Secret* old_value = nullptr,
                                const base::Secret* new_value = nullptr) {
  connect::ProbeRequest request;
  request.target = target;
  request.means = model::ProbeMeans::own;
  request.old_secret = old_value;
  request.new_secret = new_value;
  return or_unknown(connector.probe(request));
}
inline connect::ProbeResult control(connect::Connector& connector, const model::Node& target, model::ProbeMeans means) {
  connect::ProbeRequest request;
  request.target = target;
  request.means = means;
  request.moment = model::ProbeMoment::control;
  return or_unknown(connector.probe_control(request));
}

/// What the system tells of sign-ins since that instant, read as the listing says: entries that may be older are not counted. An error is told, and
/// is a listing worth nothing.
inline connect::SignInListing sign_ins_since(connect::Connector& connector, const model::Node& account, base::Time since,
                                             std::vector<model::Node> paths = {}, std::vector<model::Node> ours = {}) {
  connect::SignInRequest request;
  request.accounts = {account};
  request.paths = std::move(paths);
  request.ours = std::move(ours);
  request.since = since;
  auto listing = connector.sign_ins(request);
  if (!listing) {
    std::printf("%s\n", listing.error().text().c_str());
    connect::SignInListing none;
    none.reason = listing.error().text();
    return none;
  }
  std::erase_if(listing->sign_ins, [&](const auto& one) { return one.at - listing->clock_offset + listing->clock_error < since; });
  return *listing;
}

}  // namespace exeunt::testing
