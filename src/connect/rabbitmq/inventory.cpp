#include "connect/rabbitmq/inventory.hpp"

#include <algorithm>
#include <set>

namespace exeunt::connect::rabbitmq {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model::Completeness;
using model::EdgeKind;
using model::Node;
using model::NodeKind;

namespace {

Node account_node(const model::SystemId& system, const User& user) {
  Node node;
  node.key = {system, NodeKind::account, user.name};
  node.label = user.name;
  for (const std::string& tag : user.tags) node.facts["tags"] += (node.facts["tags"].empty() ? "" : ",") + tag;
  node.facts["password"] = user.has_password ? "yes" : "no";
  node.privileged = user.administrator();
  node.live = !user.is_shut();
  return node;
}

class Builder {
 public:
  Builder(const Api& api, const InventoryRequest& request, const Rotations& rotations, const Until& until)
      : api_(api), system_(api.settings().system), request_(request), rotations_(rotations), until_(until) {
    out_.system = system_;
  }

  Result<model::Inventory> build() {
    for (const Node& account : request_.accounts) EXEUNT_TRY(add_account(account));
    for (const Node& secret : request_.secrets) EXEUNT_TRY(add_secret(secret));
    return std::move(out_);
  }

 private:
  void gap(NodeKind kind, std::string words) { out_.gaps.push_back({system_, kind, std::move(words)}); }
  void edge(const model::NodeId& from, const model::NodeId& to, EdgeKind kind, std::string source) {
    out_.edges.push_back({from, to, kind, std::move(source), std::nullopt});
  }

  Status add_account(const Node& asked) {
    const std::string& name = asked.key.native_id;
    if (!seen_.insert(name).second) return {};
    EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api_, name, until_));
    if (user) {
      Node node = account_node(system_, *user);
      EXEUNT_TRY_ASSIGN(node.facts["permissions"], permissions_of(name));
      if (node.privileged) {
        gap(NodeKind::account, "user " + name +
                                   " is an administrator, and the broker does not remember who made a user: look at the "
                                   "users that nobody claims, they may be hers");
      }
      out_.nodes.push_back(std::move(node));
    }
    EXEUNT_TRY(add_sessions(name, asked.id(), std::nullopt));
    return add_automations(name, asked.id());
  }

  Result<std::string> permissions_of(const std::string& name) {
    EXEUNT_TRY_ASSIGN(const auto json, api_.get({"users", name, "permissions"}, until_));
    const auto permissions = json ? parse_permissions(*json) : std::nullopt;
    std::string words;
    for (const Permission& one : permissions.value_or(std::vector<Permission>{})) {
      words += (words.empty() ? "" : "; ") + one.vhost + ": configure " + one.configure + " write " + one.write + " read " + one.read;
    }
    return words;
  }

  Status add_sessions(const std::string& name, const model::NodeId& from, std::optional<std::int64_t> rotated_ms) {
    EXEUNT_TRY_ASSIGN(const LinkListing listing, links_of(api_, name, until_));
    EXEUNT_TRY_ASSIGN(const auto consumers_json, api_.get({"consumers"}, until_));
    const std::vector<std::string> consumers = consumers_json ? parse_consumer_links(*consumers_json) : std::vector<std::string>{};
    std::string reason = listing.cut;
    std::size_t count = 0;
    for (const Link& link : listing.links) {
      if (rotated_ms && !link.connected_at_ms) {
        reason = "a connection is too new for the broker's statistics: whether it began before the rotation is not known yet";
        continue;
      }
      if (rotated_ms && *link.connected_at_ms > *rotated_ms) continue;
      const auto consuming = std::count(consumers.begin(), consumers.end(), link.name);
      Node node;
      node.key = {system_, NodeKind::session, link.endpoint()};
      node.label = link.endpoint() + ", vhost " + link.vhost + (consuming == 0 ? "" : ", " + std::to_string(consuming) + " consuming");
      node.facts = {{"name", link.name}, {"user", name}, {"vhost", link.vhost}};
      edge(from, node.id(), EdgeKind::holds, "connections of the user");
      out_.nodes.push_back(std::move(node));
      ++count;
    }
    out_.listings.push_back({system_, NodeKind::session, name, reason.empty() ? Completeness::full : Completeness::partial, reason, count});
    return {};
  }

  Status add_automations(const std::string& name, const model::NodeId& account) {
    EXEUNT_TRY_ASSIGN(const std::vector<Automation> all, automations(api_, until_));
    std::size_t count = 0;
    for (const Automation& one : all) {
      if (std::find(one.users.begin(), one.users.end(), name) == one.users.end()) continue;
      Node node;
      node.key = {system_, NodeKind::automation, one.id()};
      node.label = one.component + " " + one.name + " in vhost " + one.vhost + " logs in as " + name;
      node.facts = {{"user", name}};
      edge(account, node.id(), EdgeKind::owns, "parameters");
      out_.nodes.push_back(std::move(node));
      ++count;
    }
    out_.listings.push_back({system_, NodeKind::automation, name, Completeness::full, "", count});
    return {};
  }

  Status add_secret(const Node& asked) {
    const std::string& name = asked.key.native_id;
    EXEUNT_TRY_ASSIGN(const auto user, user_by_name(api_, name, until_));
    if (!user) {
      gap(NodeKind::secret, "no user for the shared secret " + asked.label + ": mend the policy's secrets table");
      return {};
    }
    Node secret = asked;
    if (secret.label.empty()) secret.label = "password of " + name;
    secret.facts["account"] = name;
    secret.live = user->has_password;
    Node shared = account_node(system_, *user);
    shared.facts["shared"] = "yes";
    edge(secret.id(), shared.id(), EdgeKind::unlocks, "policy secrets table");
    const auto rotated = rotations_.find(name);
    EXEUNT_TRY(add_sessions(name, secret.id(), rotated == rotations_.end() ? std::nullopt : std::optional(rotated->second)));
    if (shared.privileged) {
      gap(NodeKind::account, "users may have been made under the shared user " + name + ", by whom is not known: look at unclaimed users");
    }
    if (seen_.insert(name).second) out_.nodes.push_back(std::move(shared));
    // The present value is not hers any more once this connector has set it: only connections of the old one are then listed.
    if (rotated == rotations_.end()) out_.nodes.push_back(std::move(secret));
    return {};
  }

  const Api& api_;
  const model::SystemId& system_;
  const InventoryRequest& request_;
  const Rotations& rotations_;
  const Until& until_;
  model::Inventory out_;
  std::set<std::string> seen_;
};

}  // namespace

Result<std::vector<Automation>> automations(const Api& api, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto json, api.get({"parameters"}, until));
  auto found = json ? parse_parameters(*json) : std::nullopt;
  if (found) return std::move(*found);
  return fail(Code::unavailable, api.settings().system.text() + ": the broker's list of parameters is not understood",
              "see that this is RabbitMQ 3.10 or later");
}

Result<AccountListing> list_accounts(const Api& api, const Until& until) {
  EXEUNT_TRY_ASSIGN(const UserListing users, all_users(api, until));
  AccountListing listing;
  for (const User& user : users.users) {
    AccountRecord record;
    record.node = account_node(api.settings().system, user);
    record.login = user.name;
    record.administrator = user.administrator();
    record.enabled = !user.is_shut();
    listing.accounts.push_back(std::move(record));
  }
  listing.completeness = users.cut.empty() ? Completeness::full : Completeness::partial;
  listing.reason = users.cut;
  return listing;
}

Result<model::Inventory> list_paths(const Api& api, const InventoryRequest& request, const Rotations& rotations, const Until& until) {
  return Builder(api, request, rotations, until).build();
}

}  // namespace exeunt::connect::rabbitmq
