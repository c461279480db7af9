#include <algorithm>

#include "connect/glewlwyd/operations.hpp"

namespace exeunt::connect::glewlwyd {

using base::Result;
using model::Node;
using model::NodeKind;

namespace {

Observation seen(Presence presence, std::string words) {
  Observation out;
  out.presence = presence;
  out.words = std::move(words);
  return out;
}

Observation observe_account(const std::optional<Account>& account) {
  if (!account) return seen(Presence::absent, "the provider lists no such account");
  if (!account->enabled) return seen(Presence::absent, "the provider says enabled: false");
  if (account->locked_for_good()) return seen(Presence::absent, "the source \"" + account->source + "\" has the account locked for good");
  return seen(Presence::present, "the account may sign in");
}

Observation observe_held(const Result<HeldListing>& listing, const std::string& hash) {
  if (!listing) return seen(Presence::unknown, listing.error().text());
  for (const Held& held : listing->entries) {
    if (held.hash == hash && held.enabled) return seen(Presence::present, "listed as enabled");
  }
  if (listing->completeness != model::Completeness::full) return seen(Presence::unknown, "the listing is not whole: " + listing->reason);
  const bool kept = std::any_of(listing->entries.begin(), listing->entries.end(), [&](const Held& held) { return held.hash == hash; });
  return seen(Presence::absent, kept ? "listed as ended" : "not listed");
}

Observation observe_grant(const Result<std::vector<std::string>>& clients, const std::string& client) {
  if (!clients) return seen(Presence::unknown, clients.error().text());
  if (std::find(clients->begin(), clients->end(), client) == clients->end()) return seen(Presence::absent, "no consent for that client");
  return seen(Presence::present, "the consent stands");
}

/// Over when nothing could mint one for as long as one is valid. Whoever takes them does not ask the provider: nothing else ends them.
Result<Observation> observe_access_tokens(Api& api, IssuingEnds& ends, const Account& account, const Node& target, const Until& until) {
  const auto minting = look_at_minting(api, account, until);
  if (!minting) return seen(Presence::unknown, minting.error().text());
  if (minting->possible) {
    ends.forget(account.id);
    return seen(Presence::present, "new ones can still be had: " + minting->by);
  }
  EXEUNT_TRY_ASSIGN(const base::Duration life, access_token_life(api, until));
  const base::Time now = api.provider_now();
  base::Time at = drained_at(api, ends.since(account.id, now), life);
  // What an earlier look of the case said, in another process; never before the last token that the listing knows of has expired.
  if (const auto earlier = earlier_look(target)) {
    const base::Time last = drained_at(api, base::Time(base::Duration(minting->last_s * 1000)), life);
    at = std::max(std::min(at, *earlier), last);
  }
  const base::Time ours = now - api.clock_offset();
  if (ours < at) {
    Observation draining = seen(Presence::present, "none is issued any more; the last one expires by " + base::to_rfc3339(at));
    draining.until = at;
    return draining;
  }
  return seen(Presence::absent, "every access token that was issued has expired");
}

}  // namespace

Result<Observation> observe_node(Api& api, IssuingEnds& ends, const Node& target, const Until& until) {
  if (target.key.kind == NodeKind::account) {
    EXEUNT_TRY_ASSIGN(const auto account, find_account(api, target.key.native_id, login_hint(target), until));
    return observe_account(account);
  }
  const auto id = parse_held_id(target.key.native_id);
  if (!id) return seen(Presence::unknown, "this is no id of the provider's");
  EXEUNT_TRY_ASSIGN(const auto account, find_account(api, id->account, login_hint(target), until));
  // Hidden is not ended: the session is there again on the day when the account is.
  if (!account)
    return seen(Presence::unknown, "the provider does not know the account any more; what it held is kept and comes back with it");
  switch (target.key.kind) {
    case NodeKind::session: return observe_held(list_sessions(api, account->login, until), id->rest);
    case NodeKind::token:
      if (id->rest == k_access_tokens) return observe_access_tokens(api, ends, *account, target, until);
      return observe_held(list_refresh_tokens(api, account->login, until), id->rest);
    case NodeKind::grant: return observe_grant(list_grants(api, account->login, until), id->rest);
    case NodeKind::subject:
    case NodeKind::account:
    case NodeKind::key:
    case NodeKind::certificate:
    case NodeKind::membership:
    case NodeKind::role:
    case NodeKind::delegation:
    case NodeKind::secret:
    case NodeKind::workload:
    case NodeKind::automation:
    case NodeKind::device:
    case NodeKind::licence:
    case NodeKind::resource:
    case NodeKind::group: break;
  }
  return base::fail(base::Code::unimplemented, api.subject() + ": no such kind of path here");
}

}  // namespace exeunt::connect::glewlwyd
