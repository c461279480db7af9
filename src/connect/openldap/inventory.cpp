// Every path of an account: bound connections, memberships, and what is seen but not ended here.
#include <algorithm>
#include <utility>

#include "connect/answers.hpp"
#include "connect/openldap/account_names.hpp"
#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/group_membership.hpp"
#include "connect/openldap/held_connections.hpp"
#include "connect/openldap/openldap.hpp"

namespace exeunt::connect::openldap {
namespace {

using model::Completeness;
using model::EdgeKind;
using model::Inventory;
using model::NodeKind;

model::Node session_node(const Settings& settings, const HeldConnection& held) {
  model::Node node;
  node.key = {settings.system, NodeKind::session, held.endpoint};
  node.label = "connection from " + held.endpoint;
  node.facts = {{"bound_dn", held.bound_dn}, {"connection", held.number}, {"started", held.started}};
  return node;
}

model::Node membership_node(const Settings& settings, const std::string& account_uuid, const std::string& account_dn, const Entry& group,
                            bool privileged) {
  model::Node node;
  const std::string group_uuid = group.first("entryUUID"), name = group.first("cn");
  node.key = {settings.system, NodeKind::membership, account_uuid + ":" + group_uuid};
  node.label = "member of " + (name.empty() ? group.dn : name);
  node.facts = {{"group", name}, {"group_dn", group.dn}, {"dn", account_dn}};
  node.privileged = privileged;
  return node;
}

void add_gap(const Settings& settings, Inventory& out, NodeKind kind, std::string words) {
  const auto same = [&](const model::Gap& gap) { return gap.kind == kind && gap.words == words; };
  if (std::none_of(out.gaps.begin(), out.gaps.end(), same)) out.gaps.push_back({settings.system, kind, std::move(words)});
}

void add_credential_gaps(const Settings& settings, const Entry& entry, Inventory& out) {
  if (!entry.values("sshPublicKey").empty()) {
    add_gap(settings, out, NodeKind::key,
            "sshPublicKey values stay served after the lock: end the keys on the hosts that read them, or remove the attribute by hand");
  }
  if (!entry.values("userCertificate;binary").empty()) {
    add_gap(settings, out, NodeKind::certificate,
            "userCertificate values are in the entry: revoke them at their authority; a bind by certificate passes no lock");
  }
}

}  // namespace

base::Result<Inventory> OpenLdap::inventory(const InventoryRequest& request) {
  EXEUNT_TRY_ASSIGN(Connection ours, open(request.deadline.timeout));
  Inventory out;
  out.system = settings_.system;
  for (const model::Node& account : request.accounts) {
    if (account.key.system == settings_.system && account.key.kind == NodeKind::account) {
      EXEUNT_TRY(add_paths(ours, account, request.deadline.timeout, out));
    }
  }
  return out;
}

base::Status OpenLdap::add_paths(Connection& ours, const model::Node& account, base::Duration timeout, Inventory& out) {
  const std::string& uuid = account.key.native_id;
  EXEUNT_TRY_ASSIGN(const KnownAs known, known_as(ours, settings_, uuid, {fact(account, "dn")}));
  EXEUNT_TRY_ASSIGN(const auto administrators, members_of(ours, settings_.privileged_groups));
  const bool privileged = std::find(administrators.begin(), administrators.end(), uuid) != administrators.end();
  model::Node node = account;
  node.live = false;
  if (known.entry) {
    node = account_node(settings_, *known.entry, privileged, clock_.now());
    add_credential_gaps(settings_, *known.entry, out);
  }
  out.nodes.push_back(node);

  EXEUNT_TRY_ASSIGN(const HeldConnections held, list_held_connections(ours, settings_, known.names.dns));
  for (const HeldConnection& each : held.connections) {
    model::Node session = session_node(settings_, each);
    EXEUNT_TRY_ASSIGN(const bool switched, in_switch_group(ours, settings_, each.bound_dn));
    session.live = !(switched && switch_proof(ours, timeout).answer == SwitchProof::Answer::works);
    out.edges.push_back({node.id(), session.id(), EdgeKind::holds, "cn=Connections,cn=Monitor", std::nullopt});
    out.nodes.push_back(std::move(session));
  }
  std::string reason = held.reason;
  Completeness completeness = held.completeness;
  if (!known.reused.empty() && completeness == Completeness::full) {
    completeness = Completeness::partial;
    reason = "an older DN of the account belongs to another entry now: connections bound under it cannot be told apart";
  }
  out.listings.push_back({settings_.system, NodeKind::session, uuid, completeness, reason, held.connections.size()});

  EXEUNT_TRY_ASSIGN(const Groups groups, groups_of(ours, settings_, known.names));
  for (const Entry& group : groups.entries) {
    const auto same_dn = [&](const std::string& dn) { return dn == group.dn; };
    const bool high = std::any_of(settings_.privileged_groups.begin(), settings_.privileged_groups.end(), same_dn);
    model::Node membership = membership_node(settings_, uuid, known.names.dns.front(), group, high);
    out.edges.push_back({node.id(), membership.id(), EdgeKind::member_of, "group entry", std::nullopt});
    out.nodes.push_back(std::move(membership));
  }
  out.listings.push_back({settings_.system, NodeKind::membership, uuid, groups.cut ? Completeness::partial : Completeness::full,
                          groups.reason, groups.entries.size()});
  if (settings_.switch_group.empty()) {
    add_gap(settings_, out, NodeKind::session,
            "no switch_group is configured: connections that are open at the cut stay powerful until slapd or their host ends them "
            "(restart slapd, or ss -K on its host)");
  } else {
    EXEUNT_TRY_ASSIGN(const auto group, read_dn(ours, settings_.switch_group, {}));
    if (!group)
      add_gap(settings_, out, NodeKind::session,
              "the switch group " + settings_.switch_group + " does not exist: connections that are open at the cut stay powerful");
  }
  return {};
}

}  // namespace exeunt::connect::openldap
