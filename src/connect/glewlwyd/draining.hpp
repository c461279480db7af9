// Access tokens: signed, checked by whoever takes them without asking the provider, not listed, not revocable by an administrator. All that can be said
// of them is when the last one has expired.
#pragma once

#include <string>

#include "connect/glewlwyd/held.hpp"

namespace exeunt::connect::glewlwyd {

/// What may still give an account a new access token.
struct Minting {
  bool possible = true;
  std::string by;           // "2 sessions, 1 refresh token"
  std::int64_t last_s = 0;  // by the provider's clock: no listed refresh token was used after this
};
[[nodiscard]] base::Result<Minting> look_at_minting(Api& api, const Account& account, const Until& until);

/// The instant after which no access token of the account is valid any more, if nothing mints from `since` on; by our clock, rounded up to the
/// coarseness of the provider's Date header.
[[nodiscard]] base::Time drained_at(const Api& api, base::Time since, base::Duration life);

}  // namespace exeunt::connect::glewlwyd
