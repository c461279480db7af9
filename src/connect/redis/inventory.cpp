#include "connect/redis/inventory.hpp"

#include <set>

#include "connect/redis/acl.hpp"

namespace exeunt::connect::redis {

using base::Result;
using base::Status;
using model::Completeness;
using model::EdgeKind;
using model::Node;
using model::NodeKind;

namespace {

constexpr std::size_t k_rules_shown_max = 2'000;

std::string cut(const std::string& rules) { return rules.size() > k_rules_shown_max ? rules.substr(0, k_rules_shown_max) + " …" : rules; }

Node account_node(const model::SystemId& system, const AclUser& user, bool may_all) {
  Node node;
  node.key = {system, NodeKind::account, native_id_of(user.name)};
  node.label = as_text(user.name);
  node.facts["rules"] = as_text(cut(user.rules));
  node.facts["passwords"] = user.no_password ? "none asked for (nopass)" : std::to_string(user.hashes.size());
  node.privileged = may_all;
  node.live = user.usable();
  return node;
}

class Builder {
 public:
  Builder(const Settings& settings, Connection& connection, const InventoryRequest& request, const Rotations& rotations, const Until& until)
      : settings_(settings), connection_(connection), request_(request), rotations_(rotations), until_(until) {
    out_.system = settings.system;
  }

  Result<model::Inventory> build() {
    for (const Node& account : request_.accounts) EXEUNT_TRY(add_account(account));
    for (const Node& secret : request_.secrets) EXEUNT_TRY(add_secret(secret));
    EXEUNT_TRY(add_gaps());
    return std::move(out_);
  }

 private:
  void gap(NodeKind kind, std::string words) { out_.gaps.push_back({settings_.system, kind, std::move(words)}); }
  void edge(const model::NodeId& from, const model::NodeId& to, EdgeKind kind, std::string source) {
    out_.edges.push_back({from, to, kind, std::move(source), std::nullopt});
  }

  Status add_account(const Node& asked) {
    EXEUNT_TRY_ASSIGN(const std::string name, name_of(asked.key.native_id));
    if (!seen_.insert(name).second) return {};
    EXEUNT_TRY_ASSIGN(const auto user, user_by_name(connection_, name, until_));
    if (user) {
      EXEUNT_TRY_ASSIGN(const std::vector<bool> may_all, powerful(connection_, {name}, until_));
      out_.nodes.push_back(account_node(settings_.system, *user, may_all.front()));
      if (may_all.front()) {
        const std::string words = "user " + as_text(name) + " may make users, and the server does not remember who made one";
        gap(NodeKind::account, words + ": look at the users that nobody claims, they may be hers");
        out_.listings.push_back({settings_.system, NodeKind::account, native_id_of(name), Completeness::lower_bound, words, 0});
      }
    }
    return add_sessions(name, asked.id(), nullptr);
  }

  Status add_sessions(const std::string& name, const model::NodeId& from, const Watermark* rotated) {
    EXEUNT_TRY_ASSIGN(const Sessions sessions, list_sessions(connection_, until_));
    std::size_t count = 0;
    for (const Client& client : sessions.of_user(name)) {
      if (rotated != nullptr && rotated->run_id == sessions.run_id && client.id >= rotated->client_id) continue;
      Node node = session_node(settings_.system, client, sessions.run_id);
      edge(from, node.id(), EdgeKind::holds, "CLIENT LIST");
      out_.nodes.push_back(std::move(node));
      ++count;
    }
    out_.listings.push_back({settings_.system, NodeKind::session, native_id_of(name),
                             sessions.cut.empty() ? Completeness::full : Completeness::partial, sessions.cut, count});
    return {};
  }

  Status add_secret(const Node& asked) {
    EXEUNT_TRY_ASSIGN(const std::string name, name_of(asked.key.native_id));
    EXEUNT_TRY_ASSIGN(const auto user, user_by_name(connection_, name, until_));
    if (!user) {
      gap(NodeKind::secret, "no user for the shared secret " + asked.label + ": mend the policy's secrets table");
      return {};
    }
    Node secret = asked;
    secret.key = {settings_.system, NodeKind::secret, native_id_of(name)};
    if (secret.label.empty()) secret.label = "password of " + as_text(name);
    secret.facts["account"] = as_text(name);
    secret.live = user->usable();
    EXEUNT_TRY_ASSIGN(const std::vector<bool> may_all, powerful(connection_, {name}, until_));
    Node shared = account_node(settings_.system, *user, may_all.front());
    shared.facts["shared"] = "yes";
    edge(secret.id(), shared.id(), EdgeKind::unlocks, "policy secrets table");
    const auto rotated = rotations_.find(name);
    EXEUNT_TRY(add_sessions(name, secret.id(), rotated == rotations_.end() ? nullptr : &rotated->second));
    if (may_all.front()) {
      gap(NodeKind::account,
          "users may have been made under the shared user " + as_text(name) + ", by whom is not known: look at unclaimed users");
    }
    if (seen_.insert(name).second) out_.nodes.push_back(std::move(shared));
    // The present value is not hers any more once this connector has set it: only sessions of the old one are then listed.
    if (rotated == rotations_.end()) out_.nodes.push_back(std::move(secret));
    return {};
  }

  Status add_gaps() {
    if (request_.accounts.empty() && request_.secrets.empty()) return {};
    EXEUNT_TRY_ASSIGN(const auto everybody, user_by_name(connection_, "default", until_));
    if (everybody && everybody->on && everybody->no_password) {
      gap(NodeKind::account,
          "the user default asks for no password: whoever reaches the port is let in without an account; set it off, or give it one");
    }
    if (settings_.persist == Persist::none) {
      gap(NodeKind::account, "changes of users are not saved (persist: none): a restart of the server brings every ended account back");
    } else if (settings_.persisted_file.empty()) {
      gap(NodeKind::account,
          "what the server saved is not seen: that an ending survives a restart is acknowledged, not read back; name persisted_file");
    }
    return {};
  }

  const Settings& settings_;
  Connection& connection_;
  const InventoryRequest& request_;
  const Rotations& rotations_;
  const Until& until_;
  model::Inventory out_;
  std::set<std::string> seen_;
};

}  // namespace

Result<AccountListing> list_accounts(const Settings& settings, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const AclListing acl, all_users(*connection, settings, until));
  std::vector<std::string> names;
  for (const AclUser& user : acl.users) names.push_back(user.name);
  EXEUNT_TRY_ASSIGN(const std::vector<bool> may_all, powerful(*connection, names, until));
  AccountListing listing;
  for (std::size_t i = 0; i < acl.users.size(); ++i) {
    AccountRecord record;
    record.node = account_node(settings.system, acl.users[i], may_all[i]);
    record.login = as_text(acl.users[i].name);
    record.administrator = may_all[i];
    record.enabled = acl.users[i].usable();
    listing.accounts.push_back(std::move(record));
  }
  listing.completeness = acl.cut.empty() ? Completeness::full : Completeness::partial;
  listing.reason = acl.cut;
  return listing;
}

Result<model::Inventory> list_paths(const Settings& settings, const InventoryRequest& request, const Rotations& rotations,
                                    const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  return Builder(settings, *connection, request, rotations, until).build();
}

}  // namespace exeunt::connect::redis
