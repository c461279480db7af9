// A session of ours on her role: logged in with the password that this case set, held until the server ends it (Witness).
#pragma once

#include <memory>

#include "connect/connector.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

/// The role that a witness logs in as, and with what.
struct WitnessLogin {
  model::NodeKind kind = model::NodeKind::session;
  std::string oid, role;
  const base::Secret* password = nullptr;
};

/// Logs in, read only, and finds itself in pg_stat_activity by process id. failed_precondition: refused, or not listed.
[[nodiscard]] base::Result<std::unique_ptr<Witness>> hold_session(const Settings& settings, const base::Clock& clock,
                                                                  const WitnessLogin& login, const Until& until);

}  // namespace exeunt::connect::postgresql
