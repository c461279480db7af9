// Open sessions: listed and ended by the role's OID (usesysid), since the name is gone once the role is dropped.
#pragma once

#include <string>
#include <vector>

#include "connect/postgresql/wire.hpp"
#include "model/node.hpp"

namespace exeunt::connect::postgresql {

struct Session {
  std::string role;  // OID of the role that logged in, whatever SET ROLE said later
  std::string pid;
  std::string started;   // microseconds since 1970 by the server's clock: with the pid it names one session for good
  std::string endpoint;  // "127.0.0.1:41234"; "local:<pid>" over the Unix socket, "unseen:<pid>" where we may not see it
  std::string kind;      // "client backend", "walsender"
  std::string database;
  std::string application;  // hostile
};

/// As an inventory lists it.
[[nodiscard]] model::Node session_node(const model::SystemId& system, model::NodeKind kind, const Session& session);

/// Whether our role sees every session's address and start (pg_read_all_stats or superuser).
[[nodiscard]] base::Result<bool> sees_all_sessions(Connection& connection, const Until& until);
[[nodiscard]] base::Result<std::vector<Session>> sessions_of(Connection& connection, const std::string& role_oid, const Until& until);

struct EndedSessions {
  int ended = 0;
  int left = 0;  // still listed when we stopped trying
  int calls = 0;
};
/// Ends every session of the role until two listings in a row show none (bounded). `before_us`: only those that began before that instant of
/// the server's clock (0: all). Never our own session.
[[nodiscard]] base::Result<EndedSessions> end_sessions_of(Connection& connection, const std::string& role_oid, std::int64_t before_us,
                                                          const Until& until);
[[nodiscard]] base::Result<std::int64_t> server_time_us(Connection& connection, const Until& until);

}  // namespace exeunt::connect::postgresql
