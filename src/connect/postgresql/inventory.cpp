#include "connect/postgresql/inventory.hpp"

#include <deque>
#include <set>

#include "connect/postgresql/created_roles.hpp"
#include "connect/postgresql/ownership.hpp"
#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/sessions.hpp"

namespace exeunt::connect::postgresql {

using base::Result;
using base::Status;
using model::Completeness;
using model::EdgeKind;
using model::Node;
using model::NodeKind;

namespace {

Node account_node(const model::SystemId& system, const Role& role) {
  Node node;
  node.key = {system, NodeKind::account, role.oid};
  node.label = role.name;
  node.facts["role"] = role.name;
  node.facts["valid_until"] = role.valid_until;
  node.facts["createrole"] = role.create_role ? "yes" : "no";
  node.facts["superuser"] = role.superuser ? "yes" : "no";
  // CREATEROLE lets a held session give LOGIN back to its own role (PostgreSQL 15; from 16 on it needs ADMIN on itself, which is not looked at).
  if (role.create_role || role.superuser) node.facts[model::facts::k_undoes_lock] = "yes";
  if (const std::string proposed = hr_id_in_comment(role.comment); !proposed.empty()) node.facts["hr_id_in_comment"] = proposed;
  node.privileged = role.powerful;
  node.live = role.login;
  return node;
}

class Builder {
 public:
  Builder(const Settings& settings, Connection& connection, const InventoryRequest& request, const Rotations& rotations, const Until& until)
      : settings_(settings), connection_(connection), request_(request), rotations_(rotations), until_(until) {
    out_.system = settings.system;
  }

  Result<model::Inventory> build() {
    EXEUNT_TRY_ASSIGN(sees_all_, sees_all_sessions(connection_, until_));
    for (const Node& account : request_.accounts) waiting_.push_back(account.key.native_id);
    if (!waiting_.empty() || !request_.secrets.empty()) {
      EXEUNT_TRY_ASSIGN(roles_, all_roles(connection_, until_));
      history_ = read_creations(settings_, until_);
    }
    while (!waiting_.empty()) {
      const std::string oid = waiting_.front();
      waiting_.pop_front();
      if (seen_.insert(oid).second) EXEUNT_TRY(add_account(oid));
    }
    for (const Node& secret : request_.secrets) EXEUNT_TRY(add_secret(secret));
    add_gaps();
    return std::move(out_);
  }

 private:
  model::NodeId id_of(NodeKind kind, const std::string& native) const { return model::node_id({settings_.system, kind, native}); }
  void list(NodeKind kind, const std::string& account, Completeness completeness, std::string reason, std::size_t count) {
    out_.listings.push_back({settings_.system, kind, account, completeness, std::move(reason), count});
  }
  void edge(const model::NodeId& from, const model::NodeId& to, EdgeKind kind, std::string source) {
    out_.edges.push_back({from, to, kind, std::move(source), std::nullopt});
  }

  Status add_account(const std::string& oid) {
    EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(connection_, oid, until_));
    if (role) {
      out_.nodes.push_back(account_node(settings_.system, *role));
    }
    // A dropped role's sessions go on under its OID, so they are listed all the same.
    const model::NodeId account = id_of(NodeKind::account, oid);
    EXEUNT_TRY(add_sessions(oid, account, 0));
    if (!role) return {};
    EXEUNT_TRY(add_limits(*role));
    EXEUNT_TRY(add_memberships(oid, account));
    EXEUNT_TRY(add_owned(oid, account));
    add_created(*role, account);
    return {};
  }

  void gap(NodeKind kind, std::string words) { out_.gaps.push_back({settings_.system, kind, std::move(words)}); }

  /// What of her this connector can see but not end.
  Status add_limits(const Role& role) {
    EXEUNT_TRY_ASSIGN(
        const Rows rows,
        connection_.read("SELECT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), "
                         "(SELECT count(*) FROM pg_catalog.pg_prepared_xacts x JOIN pg_catalog.pg_roles r ON r.rolname = x.owner "
                         "WHERE r.oid = $1::oid), (SELECT count(*) FROM pg_catalog.pg_subscription WHERE subowner = $1::oid)",
                         {role.oid}, until_));
    if (role.superuser && !rows.truth(0, 0)) {
      gap(NodeKind::account,
          "role " + role.name + " is a superuser and ours is none: an administrator must ALTER ROLE it NOSUPERUSER first");
    }
    if (rows.number(0, 1) > 0) {
      gap(NodeKind::session, "prepared transactions of role " + role.name + " outlive its sessions: " + rows.text(0, 1) +
                                 " in pg_prepared_xacts; an administrator must COMMIT or ROLLBACK PREPARED them");
    }
    if (rows.number(0, 2) > 0) {
      gap(NodeKind::automation, "logical replication subscriptions of role " + role.name + " run on as it: " + rows.text(0, 2) +
                                    " in pg_subscription; change their owner or drop them");
    }
    return {};
  }

  Status add_sessions(const std::string& oid, const model::NodeId& from, std::int64_t before_us) {
    EXEUNT_TRY_ASSIGN(const std::vector<Session> sessions, sessions_of(connection_, oid, until_));
    std::size_t count = 0;
    for (const Session& session : sessions) {
      if (before_us != 0 && session.started != "0" && std::stoll(session.started) >= before_us) continue;
      Node node = session_node(settings_.system, NodeKind::session, session);
      edge(from, node.id(), EdgeKind::holds, "pg_stat_activity");
      out_.nodes.push_back(std::move(node));
      ++count;
    }
    list(NodeKind::session, oid, sees_all_ ? Completeness::full : Completeness::partial,
         sees_all_ ? "" : "our role has no pg_read_all_stats: addresses and starts of others' sessions are hidden", count);
    return {};
  }

  Status add_memberships(const std::string& oid, const model::NodeId& account) {
    EXEUNT_TRY_ASSIGN(const std::vector<Membership> memberships, memberships_of(connection_, oid, until_));
    for (const Membership& one : memberships) {
      Node node;
      node.key = {settings_.system, NodeKind::membership, oid + ":" + one.role};
      node.label = "member of " + one.name + (one.admin ? " with ADMIN OPTION" : "");
      node.facts = {{"role", one.name}, {"role_oid", one.role}, {"member_oid", oid}};
      node.privileged = one.powerful || one.admin;
      edge(account, node.id(), EdgeKind::member_of, "pg_auth_members");
      out_.nodes.push_back(std::move(node));
    }
    list(NodeKind::membership, oid, Completeness::full, "", memberships.size());
    return {};
  }

  Status add_owned(const std::string& oid, const model::NodeId& account) {
    EXEUNT_TRY_ASSIGN(const std::vector<OwnedIn> owned, owned_by(connection_, oid, until_));
    std::size_t objects = 0;
    for (const OwnedIn& in : owned) objects += static_cast<std::size_t>(in.objects);
    list(NodeKind::resource, oid, Completeness::full, "", objects);
    const DefinerListing definers = definers_of(settings_, owned, oid, until_);
    for (const DefinerFunction& function : definers.functions) {
      Node node;
      node.key = {settings_.system, NodeKind::automation, function.database_oid + ":" + function.oid};
      node.label = function.database + ": " + function.signature + " SECURITY DEFINER";
      node.facts = {{"database", function.database}, {"owner_oid", oid}, {"function_oid", function.oid}, {"signature", function.signature}};
      node.privileged = true;
      edge(account, node.id(), EdgeKind::owns, "pg_proc of " + function.database);
      out_.nodes.push_back(std::move(node));
    }
    std::string unread;
    for (const std::string& one : definers.unread) unread += (unread.empty() ? "not looked into: " : "; ") + one;
    const bool complete = unread.empty();
    if (!complete) {
      out_.gaps.push_back(
          {settings_.system, NodeKind::automation, "SECURITY DEFINER functions of hers, " + unread + ": have a person look"});
    }
    list(NodeKind::automation, oid, complete ? Completeness::full : Completeness::partial, std::move(unread), definers.functions.size());
    return {};
  }

  void add_created(const Role& maker, const model::NodeId& account) {
    const CreatedRoles created = history_.made_by(maker, roles_);
    for (const Role& role : created.roles) {
      edge(account, id_of(NodeKind::account, role.oid), EdgeKind::owns, "CREATE ROLE in the server's log");
      waiting_.push_back(role.oid);
    }
    for (const std::string& words : created.gaps) out_.gaps.push_back({settings_.system, NodeKind::account, words});
    list(NodeKind::account, maker.oid, created.completeness, created.reason, created.roles.size());
  }

  Status add_secret(const Node& asked) {
    std::optional<Role> role;
    if (is_oid(asked.key.native_id)) {
      EXEUNT_TRY_ASSIGN(role, role_by_oid(connection_, asked.key.native_id, until_));
    } else if (const auto fact = asked.facts.find("account"); fact != asked.facts.end()) {
      EXEUNT_TRY_ASSIGN(role, role_by_name(connection_, fact->second, until_));
    }
    if (!role) {
      out_.gaps.push_back(
          {settings_.system, NodeKind::secret, "no role for the shared secret " + asked.label + ": mend the policy's secrets table"});
      return {};
    }
    Node secret = asked;
    secret.key = {settings_.system, NodeKind::secret, role->oid};
    if (secret.label.empty()) secret.label = "password of " + role->name;
    secret.facts["account"] = role->name;
    secret.live = role->login;
    Node shared = account_node(settings_.system, *role);
    shared.facts["shared"] = "yes";
    edge(secret.id(), shared.id(), EdgeKind::unlocks, "policy secrets table");
    const auto rotated = rotations_.find(role->oid);
    EXEUNT_TRY(add_sessions(role->oid, secret.id(), rotated == rotations_.end() ? 0 : rotated->second));
    if (seen_.insert(role->oid).second) out_.nodes.push_back(std::move(shared));
    add_created_under(*role);
    // The present value is not hers any more once this connector has set it: only sessions of the old one are then listed.
    if (rotated == rotations_.end()) out_.nodes.push_back(std::move(secret));
    return {};
  }

  /// A role made under a shared role may be hers or any other holder's: nobody is cut for that, a person looks.
  void add_created_under(const Role& shared) {
    const CreatedRoles created = history_.made_by(shared, roles_);
    std::string names;
    for (const Role& role : created.roles) names += (names.empty() ? "" : ", ") + role.name;
    if (names.empty()) return;
    const std::string words = "login roles were created under the shared role " + shared.name + ", by whom is not known: " + names;
    out_.gaps.push_back({settings_.system, NodeKind::account, words + "; ask their owners, they may be hers"});
    list(NodeKind::account, shared.oid, Completeness::lower_bound, words, 0);
  }

  void add_gaps() {
    if (settings_.login_gate_database.empty()) {
      out_.gaps.push_back(
          {settings_.system, NodeKind::account,
           "no login gate is configured: that logins are refused is read back, not tried; add the pg_hba line (docs/operations.md)"});
    }
    if (!settings_.ddl_log && !request_.accounts.empty()) {
      out_.gaps.push_back(
          {settings_.system, NodeKind::account, "no DDL log is configured: roles that she created are not known; look at unclaimed roles"});
    }
  }

  const Settings& settings_;
  Connection& connection_;
  const InventoryRequest& request_;
  const Rotations& rotations_;
  const Until& until_;
  model::Inventory out_;
  std::vector<Role> roles_;
  CreationHistory history_;
  std::deque<std::string> waiting_;
  std::set<std::string> seen_;
  bool sees_all_ = false;
};

}  // namespace

Result<AccountListing> list_accounts(const Settings& settings, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const std::vector<Role> roles, all_roles(*connection, until));
  AccountListing listing;
  for (const Role& role : roles) {
    // A role without LOGIN is an account when somebody's login was taken away: it has a password expiry or an HR number in its comment.
    if (!role.login && role.valid_until.empty() && hr_id_in_comment(role.comment).empty()) continue;
    AccountRecord record;
    record.node = account_node(settings.system, role);
    record.login = role.name;
    record.administrator = role.superuser || role.create_role;
    record.enabled = role.login;
    listing.accounts.push_back(std::move(record));
  }
  listing.completeness = Completeness::full;
  return listing;
}

Result<model::Inventory> list_paths(const Settings& settings, const InventoryRequest& request, const Rotations& rotations,
                                    const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  return Builder(settings, *connection, request, rotations, until).build();
}

}  // namespace exeunt::connect::postgresql
