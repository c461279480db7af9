#include "connect/glewlwyd/draining.hpp"

#include <algorithm>

namespace exeunt::connect::glewlwyd {

using base::Result;

Result<Minting> look_at_minting(Api& api, const Account& account, const Until& until) {
  EXEUNT_TRY_ASSIGN(const HeldListing sessions, list_sessions(api, account.login, until));
  EXEUNT_TRY_ASSIGN(const HeldListing tokens, list_refresh_tokens(api, account.login, until));
  if (sessions.completeness != model::Completeness::full || tokens.completeness != model::Completeness::full) {
    return base::fail(base::Code::unavailable, api.subject() + ": the listing of what mints access tokens is not whole", "repeat");
  }
  Minting minting;
  const auto enabled = [](const Held& held) { return held.enabled; };
  const auto open_sessions = std::count_if(sessions.entries.begin(), sessions.entries.end(), enabled);
  const auto live_tokens = std::count_if(tokens.entries.begin(), tokens.entries.end(), enabled);
  for (const Held& token : tokens.entries) minting.last_s = std::max(minting.last_s, token.last_used_s);
  minting.possible = account.usable() || open_sessions > 0 || live_tokens > 0;
  minting.by = (account.usable() ? "the account's own sign-in, " : "") + std::to_string(open_sessions) + " sessions, " +
               std::to_string(live_tokens) + " refresh tokens";
  return minting;
}

base::Time drained_at(const Api& api, base::Time since, base::Duration life) {
  constexpr base::Duration k_date_coarseness{1500};
  return since + life - api.clock_offset() + k_date_coarseness;
}

}  // namespace exeunt::connect::glewlwyd
