#include "connect/glewlwyd/operations.hpp"

namespace exeunt::connect::glewlwyd {

using base::Result;
using base::Status;
using model::Completeness;
using model::EdgeKind;
using model::Node;
using model::NodeKind;

std::string login_hint(const Node& node) {
  const auto found = node.facts.find("login");
  return found == node.facts.end() ? std::string{} : found->second;
}

namespace {

/// What one account holds, as nodes.
class PathLister {
 public:
  PathLister(Api& api, const Until& until, model::Inventory& out) : api_(api), until_(until), out_(out) {}

  Status list(const Account& account) {
    account_ = &account;
    Node node = account_node(account, api_.settings());
    account_id_ = node.id();
    if (!is_writable(api_, account, until_).value_or(false)) node.facts[model::facts::k_locked_at_source] = "yes";
    out_.nodes.push_back(std::move(node));
    EXEUNT_TRY(sessions());
    EXEUNT_TRY(tokens());
    EXEUNT_TRY(grants());
    return second_factors();
  }

 private:
  Node& add(NodeKind kind, std::string_view rest, std::string label, EdgeKind edge, const char* source) {
    Node node;
    node.key = {api_.settings().system, kind, held_id(account_->id, rest)};
    node.label = std::move(label);
    node.facts = {{"login", account_->login}};
    out_.edges.push_back({account_id_, node.id(), edge, source, std::nullopt});
    out_.nodes.push_back(std::move(node));
    return out_.nodes.back();
  }

  /// Milliseconds by our clock; the provider's own clock may be off.
  std::string our_instant(std::int64_t provider_s) const {
    return std::to_string((base::Time(base::Duration(provider_s * 1000)) - api_.clock_offset()).time_since_epoch().count());
  }

  void add_held(NodeKind kind, const HeldListing& listing, const std::string& what, const char* source) {
    std::size_t count = 0;
    for (const Held& held : listing.entries) {
      if (!held.enabled) continue;
      ++count;
      Node& node = add(kind, held.hash, what + " " + (held.client.empty() ? held.user_agent : held.client) + " from " + held.from,
                       kind == NodeKind::token ? EdgeKind::issued : EdgeKind::holds, source);
      node.facts["hash"] = held.hash;
      node.facts["user_agent"] = held.user_agent;
      node.facts[model::facts::k_until_ms] = our_instant(held.until_s);
      if (!held.client.empty()) node.facts["client"] = held.client;
    }
    out_.listings.push_back({api_.settings().system, kind, account_->id, listing.completeness, listing.reason, count});
  }

  /// A login that the provider lists and cannot look up: what it holds is not seen, which is said and is no reason to leave the rest undone.
  Status not_seen(NodeKind kind, const base::Error& error) {
    if (error.code != base::Code::failed_precondition) return base::fail(error);
    out_.listings.push_back({api_.settings().system, kind, account_->id, Completeness::none, error.what, 0});
    return {};
  }

  Status sessions() {
    const auto listing = list_sessions(api_, account_->login, until_);
    if (!listing) return not_seen(NodeKind::session, listing.error());
    add_held(NodeKind::session, *listing, "session of", "provider: sessions");
    return {};
  }

  Status tokens() {
    const auto listing = list_refresh_tokens(api_, account_->login, until_);
    if (!listing) return not_seen(NodeKind::token, listing.error());
    add_held(NodeKind::token, *listing, "refresh token of", "provider: refresh tokens");
    EXEUNT_TRY_ASSIGN(const base::Duration life, access_token_life(api_, until_));
    // One node for all of them: they are listed nowhere, and they end together, one lifetime after the last way to get one.
    Node& node = add(NodeKind::token, k_access_tokens, "access tokens already issued (not listed, not revocable)", EdgeKind::issued,
                     "provider: lifetime of access tokens");
    node.facts[model::facts::k_drains] = "yes";
    node.facts["life_ms"] = std::to_string(life.count());
    node.facts[model::facts::k_until_ms] = std::to_string(drained_at(api_, api_.provider_now(), life).time_since_epoch().count());
    return {};
  }

  Status grants() {
    const auto clients = list_grants(api_, account_->login, until_);
    if (!clients) return not_seen(NodeKind::grant, clients.error());
    for (const std::string& client : *clients) {
      Node& node = add(NodeKind::grant, client, "consent for " + client, EdgeKind::grants, "provider: consents");
      node.facts["client"] = client;
    }
    out_.listings.push_back({api_.settings().system, NodeKind::grant, account_->id, Completeness::full, "", clients->size()});
    return {};
  }

  Status second_factors() {
    const auto schemes = api_.read(api_.api().path("delegate").segment(account_->login).path("profile/scheme"), until_);
    const bool unseen =
        !schemes && (schemes.error().code == base::Code::permission_denied || schemes.error().code == base::Code::not_found);
    if (!schemes && !unseen) return base::fail(schemes.error());
    const base::JsonArray* rows = schemes ? schemes->if_array() : nullptr;
    if (rows != nullptr && rows->empty()) return {};
    out_.gaps.push_back(
        {api_.settings().system, NodeKind::key,
         "the provider has sign-in schemes beside the password (one-time codes, WebAuthn, certificates): whether the account has "
         "registered some is not listed; remove them in the provider's administration"});
    return {};
  }

  Api& api_;
  const Until& until_;
  model::Inventory& out_;
  const Account* account_ = nullptr;
  model::NodeId account_id_;
};

}  // namespace

Result<model::Inventory> list_paths(Api& api, const InventoryRequest& request, const Until& until) {
  model::Inventory out;
  out.system = api.settings().system;
  PathLister lister(api, until, out);
  for (const Node& node : request.accounts) {
    EXEUNT_TRY_ASSIGN(const auto account, find_account(api, node.key.native_id, login_hint(node), until));
    if (account) {
      EXEUNT_TRY(lister.list(*account));
      continue;
    }
    // Hidden by the directory's filter, or deleted: the provider keeps sessions and tokens of it and will not list them.
    Node gone = node;
    gone.live = false;
    out.nodes.push_back(std::move(gone));
    for (const NodeKind kind : {NodeKind::session, NodeKind::token, NodeKind::grant}) {
      out.listings.push_back({out.system, kind, node.key.native_id, Completeness::none,
                              "the provider does not know the account any more; what it held is kept and comes back with it", 0});
    }
  }
  return out;
}

}  // namespace exeunt::connect::glewlwyd
