// What an account holds at the provider: sessions of browsers, refresh tokens, consents, and the access tokens that nobody can list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "connect/connector.hpp"
#include "connect/glewlwyd/accounts.hpp"
#include "connect/glewlwyd/api.hpp"

namespace exeunt::connect::glewlwyd {

/// A session (of a browser) or a refresh token, as its listing says.
struct Held {
  std::string hash;  // "{SHA512}…": names it in the provider's own words, reveals nothing of it
  std::string client;
  std::string user_agent;  // hostile
  std::string from;
  std::int64_t until_s = 0;  // by the provider's clock
  std::int64_t last_used_s = 0;
  bool enabled = true;
};
/// nullopt: a row without what it must have. `hash_key` is session_hash or token_hash; `until_key` expiration or expires_at.
[[nodiscard]] std::optional<Held> read_held(const base::Json& row, std::string_view hash_key, std::string_view until_key,
                                            std::string_view used_key);

struct HeldListing {
  std::vector<Held> entries;  // ended ones too: the provider keeps them with enabled:false
  model::Completeness completeness = model::Completeness::full;
  std::string reason;
};
/// Errors: not_found when the provider does not know the login. It answers 401 there, which never means "none".
[[nodiscard]] base::Result<HeldListing> list_sessions(Api& api, const std::string& login, const Until& until);
[[nodiscard]] base::Result<HeldListing> list_refresh_tokens(Api& api, const std::string& login, const Until& until);
[[nodiscard]] base::Status end_session(Api& api, const std::string& login, const std::string& hash, const Until& until);
[[nodiscard]] base::Status revoke_refresh_token(Api& api, const std::string& login, const std::string& hash, const Until& until);

/// Clients that the account has consented to.
[[nodiscard]] base::Result<std::vector<std::string>> list_grants(Api& api, const std::string& login, const Until& until);
[[nodiscard]] base::Status revoke_grant(Api& api, const std::string& login, const std::string& client, const Until& until);

/// How long an access token is valid at most, by the configuration of the plugin. not_found when there is no such plugin.
[[nodiscard]] base::Result<base::Duration> access_token_life(Api& api, const Until& until);

// Native ids: "<account id>:<hash>", "<account id>:<client>"; the account is what stands before the mark.
struct HeldId {
  std::string account;
  std::string rest;
};
[[nodiscard]] std::string held_id(const std::string& account, std::string_view rest);
[[nodiscard]] std::optional<HeldId> parse_held_id(std::string_view native_id);
inline constexpr std::string_view k_access_tokens = "access-tokens";

}  // namespace exeunt::connect::glewlwyd
