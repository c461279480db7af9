#include <set>

#include "base/escape.hpp"
#include "connect/kerberos/kdc.hpp"
#include "connect/kerberos/operations.hpp"

namespace exeunt::connect::kerberos {

using base::Result;
using base::Status;
using model::Completeness;
using model::EdgeKind;
using model::Node;
using model::NodeKind;

namespace {

std::string as_text(const std::string& bytes) { return base::is_valid_utf8(bytes) ? bytes : base::escape_terminal(bytes); }
std::string ms(base::Time time) { return std::to_string(time.time_since_epoch().count()); }

bool is_administrator(const std::string& login) {
  return login.ends_with("/admin") || login.starts_with("kadmin/") || login.starts_with("krbtgt/") || login == "K/M";
}

Node account_node(const Settings& settings, const PrincipalEntry& entry, base::Time server_now) {
  const std::string login = login_of(entry.name, settings.realm);
  Node node;
  node.key = {settings.system, NodeKind::account, native_id_of(entry.name)};
  node.label = as_text(login);
  // `listed` is what lets a later "unknown principal" mean that it is gone.
  node.facts = {{"listed", "yes"},
                {"kvno", std::to_string(entry.kvno)},
                {"modified_by", as_text(entry.modified_by)},
                {"asks_for_key", entry.asks_for_key ? "yes" : "no"}};
  node.privileged = is_administrator(login);
  node.live = entry.usable(server_now);
  return node;
}

class Lister {
 public:
  Lister(const Settings& settings, Kadmin& kadmin, base::Time server_now, base::Duration offset, model::Inventory& out)
      : settings_(settings), kadmin_(kadmin), server_now_(server_now), offset_(offset), out_(out) {}

  Status add(const Node& asked) {
    const std::string id = asked.key.native_id;
    if (!seen_.insert(id).second) return {};
    EXEUNT_TRY_ASSIGN(const auto entry, kadmin_.find(id));
    Node account = asked;
    account.live = false;
    if (entry) account = account_node(settings_, *entry, server_now_);
    out_.nodes.push_back(account);
    if (entry) add_keys(*entry, account);
    add_tickets(entry ? &*entry : nullptr, account);
    return {};
  }

 private:
  void listed(NodeKind kind, const Node& account, Completeness completeness, std::string reason, std::size_t count) {
    out_.listings.push_back({settings_.system, kind, account.key.native_id, completeness, std::move(reason), count});
  }

  void add_keys(const PrincipalEntry& entry, const Node& account) {
    for (const std::uint32_t version : entry.key_versions) {
      Node node;
      node.key = {settings_.system, NodeKind::key, account.key.native_id + ":" + std::to_string(version)};
      node.label = "key version " + std::to_string(version) + " of " + account.label + " (password or keytab)";
      node.facts = {{"account", account.key.native_id}, {"kvno", std::to_string(version)}};
      node.live = account.live;  // of a locked principal no key gets a ticket
      out_.edges.push_back({node.id(), account.id(), EdgeKind::authenticates, "kadmin: key versions", std::nullopt});
      out_.edges.push_back({account.id(), node.id(), EdgeKind::holds, "kadmin: key versions", std::nullopt});
      out_.nodes.push_back(std::move(node));
    }
    listed(NodeKind::key, account, Completeness::full, "", entry.key_versions.size());
  }

  void add_tickets(const PrincipalEntry* entry, const Node& account) {
    const TicketLimits limits = entry == nullptr ? TicketLimits{} : ticket_limits(*entry);
    Node node;
    node.key = {settings_.system, NodeKind::token, account.key.native_id + k_tickets_suffix};
    node.label = "tickets already issued (not listed, not revocable)";
    node.facts = {{"account", account.key.native_id}, {model::facts::k_drains, "yes"}, {"postdatable", limits.postdatable ? "yes" : "no"}};
    if (limits.life) {
      node.facts["life_ms"] = std::to_string(limits.life->count());
      // No instant where a ticket may begin after it.
      if (!limits.postdatable)
        node.facts[model::facts::k_until_ms] = ms(drained_at(server_now_, *limits.life, settings_.clock_skew, offset_));
    }
    out_.edges.push_back({account.id(), node.id(), EdgeKind::issued, "lives of the principal", std::nullopt});
    out_.nodes.push_back(std::move(node));
    if (!limits.life) {
      out_.gaps.push_back(
          {settings_.system, NodeKind::token,
           "no longest ticket life of the principal is known: when her tickets end is not known either; give each principal a maxlife"});
    }
    if (limits.postdatable) {
      out_.gaps.push_back(
          {settings_.system, NodeKind::token,
           "postdated tickets may be had: one that begins later than any life from now cannot be ruled out; modprinc "
           "-allow_postdated for each principal (on krbtgt alone it leaves those for a service asked for directly), and where one "
           "may be out, new keys for krbtgt and services, for everybody"});
    }
  }

  const Settings& settings_;
  Kadmin& kadmin_;
  const base::Time server_now_;
  const base::Duration offset_;
  model::Inventory& out_;
  std::set<std::string> seen_;
};

}  // namespace

bool is_foundation(const Settings& settings, const std::string& native_id) {
  const std::string login = login_of(unparsed_of(native_id), settings.realm);
  return login == settings.principal || login == settings.control_principal || login == "K/M" || login.starts_with("krbtgt/") ||
         login.starts_with("kadmin/") || login.starts_with("kiprop/");
}

Result<AccountListing> list_accounts(const Settings& settings, const base::Clock& clock, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  EXEUNT_TRY_ASSIGN(const base::Duration offset, clock_offset(kadmin->context(), settings, clock, until));
  EXEUNT_TRY_ASSIGN(const std::vector<std::string> names, kadmin->names());
  AccountListing listing;
  for (const std::string& name : names) {
    EXEUNT_TRY_ASSIGN(const auto entry, kadmin->find(native_id_of(name)));
    if (!entry) continue;  // deleted meanwhile
    AccountRecord record;
    record.node = account_node(settings, *entry, clock.now() + offset);
    record.login = as_text(login_of(name, settings.realm));
    record.administrator = record.node.privileged;
    record.enabled = record.node.live;
    listing.accounts.push_back(std::move(record));
  }
  // kadmind answers with all names in one sealed message, or not at all.
  listing.completeness = Completeness::full;
  return listing;
}

Result<model::Inventory> list_paths(const Settings& settings, const base::Clock& clock, const InventoryRequest& request,
                                    const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto kadmin, Kadmin::open(settings, until));
  EXEUNT_TRY_ASSIGN(const base::Duration offset, clock_offset(kadmin->context(), settings, clock, until));
  model::Inventory out;
  out.system = settings.system;
  Lister lister(settings, *kadmin, clock.now() + offset, offset, out);
  for (const Node& account : request.accounts) EXEUNT_TRY(lister.add(account));
  return out;
}

}  // namespace exeunt::connect::kerberos
