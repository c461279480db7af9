// Connector::sign_ins of Glewlwyd: the provider keeps each browser session and refresh token with the instant of its last use, ended ones too.
#include "connect/sign_ins.hpp"

#include "connect/glewlwyd/held.hpp"
#include "connect/glewlwyd/operations.hpp"

namespace exeunt::connect::glewlwyd {

using base::Result;
using base::Status;
using model::Completeness;
using model::Node;
using model::NodeKey;
using model::NodeKind;

namespace {

// Instants are in whole seconds, and so is the Date header: an offset below a second and a half is taken for none (Api::clock_offset).
constexpr base::Duration k_clock_error{2'500};

void add(SignInListing& out, const Node& account, const NodeKey& used, const Held& held, const std::string& words) {
  if (held.last_used_s <= 0) return;
  out.sign_ins.push_back({used, account.id(), base::Time(base::Duration(held.last_used_s * 1'000)), held.from, words});
}

void take_worth(SignInListing& out, const HeldListing& listing) {
  if (listing.completeness != Completeness::full) limit_to(out, listing.completeness, listing.reason);
}

/// A login that the provider does not know (any more) is listed with 401, which says nothing of what it did.
Status add_account(Api& api, const Node& account, const Until& until, SignInListing& out) {
  EXEUNT_TRY_ASSIGN(const auto found, find_account(api, account.key.native_id, login_hint(account), until));
  if (!found) {
    limit_to(out, Completeness::none, "the provider does not know the account any more, and tells nothing of what it did");
    return {};
  }
  auto sessions = list_sessions(api, found->login, until);
  auto tokens = sessions ? list_refresh_tokens(api, found->login, until) : sessions;
  if (!tokens) {
    if (tokens.error().code != base::Code::failed_precondition) return base::fail(tokens.error());
    limit_to(out, Completeness::none, tokens.error().what);
    return {};
  }
  take_worth(out, *sessions);
  take_worth(out, *tokens);
  // A session begins, and begins again, by the account's own means of sign-in.
  for (const Held& held : sessions->entries) add(out, account, account.key, held, "signed in: " + held.user_agent);
  for (const Held& held : tokens->entries) {
    const NodeKey token{api.settings().system, NodeKind::token, held_id(found->id, held.hash)};
    add(out, account, token, held, "refresh token of " + held.client + " used, or issued");
  }
  return {};
}

}  // namespace

Result<SignInListing> list_sign_ins(Api& api, const SignInRequest& request, const Until& until) {
  SignInListing out;
  out.completeness = Completeness::lower_bound;
  out.reason =
      "of each session and refresh token the provider keeps only the last use; access tokens that others check are used without it";
  for (const Node& account : request.accounts) EXEUNT_TRY(add_account(api, account, until, out));
  out.clock_offset = api.clock_offset();
  out.clock_error = k_clock_error;
  trim(out, request);
  return out;
}

}  // namespace exeunt::connect::glewlwyd
