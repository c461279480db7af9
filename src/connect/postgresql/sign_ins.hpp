// Connector::sign_ins of PostgreSQL: the csvlog where connections are logged, else the sessions that are open now.
#pragma once

#include "connect/connector.hpp"
#include "connect/postgresql/settings.hpp"
#include "connect/until.hpp"

namespace exeunt::connect::postgresql {

[[nodiscard]] base::Result<SignInListing> list_sign_ins(const Settings& settings, const SignInRequest& request, const base::Clock& clock,
                                                        const Until& until);

}  // namespace exeunt::connect::postgresql
