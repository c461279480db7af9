// Connector::sign_ins of Redis: it keeps no log of logins that were let in, so what is told is which connections are open, and since when.
#pragma once

#include "connect/connector.hpp"
#include "connect/redis/settings.hpp"
#include "connect/until.hpp"

namespace exeunt::connect::redis {

[[nodiscard]] base::Result<SignInListing> list_sign_ins(const Settings& settings, const SignInRequest& request, const base::Clock& clock,
                                                        const Until& until);

}  // namespace exeunt::connect::redis
