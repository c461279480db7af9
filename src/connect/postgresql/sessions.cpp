#include "connect/postgresql/sessions.hpp"

namespace exeunt::connect::postgresql {

using base::Result;

namespace {
constexpr int k_rounds_max = 20;
}

model::Node session_node(const model::SystemId& system, model::NodeKind kind, const Session& session) {
  model::Node node;
  node.key = {system, kind, session.endpoint};
  node.label = session.database + " from " + session.endpoint + (session.application.empty() ? "" : ", " + session.application);
  node.facts = {{"pid", session.pid}, {"started", session.started}, {"role_oid", session.role}, {"kind", session.kind}};
  return node;
}

Result<bool> sees_all_sessions(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows, connection.read("SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')", {}, until));
  return rows.truth(0, 0);
}

Result<std::vector<Session>> sessions_of(Connection& connection, const std::string& role_oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(
      const Rows rows,
      connection.read("SELECT pid, coalesce((extract(epoch FROM backend_start) * 1000000)::bigint, 0), "
                      "coalesce(host(client_addr), ''), coalesce(client_port, 0), coalesce(backend_type, ''), coalesce(datname, ''), "
                      "coalesce(application_name, '') "
                      "FROM pg_catalog.pg_stat_activity WHERE usesysid = $1::oid AND pid <> pg_catalog.pg_backend_pid() "
                      "AND coalesce(backend_type, 'client backend') <> 'parallel worker' ORDER BY backend_start, pid",
                      {role_oid}, until));
  std::vector<Session> all;
  for (int row = 0; row < rows.size(); ++row) {
    Session session{role_oid, rows.text(row, 0), rows.text(row, 1), {}, rows.text(row, 4), rows.text(row, 5), rows.text(row, 6)};
    const std::string address = rows.text(row, 2);
    if (!address.empty()) {
      session.endpoint = address + ":" + rows.text(row, 3);
    } else {
      session.endpoint = (rows.number(row, 3) == -1 ? "local:" : "unseen:") + session.pid;
    }
    all.push_back(std::move(session));
  }
  return all;
}

Result<std::int64_t> server_time_us(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read("SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint", {}, until));
  return rows.number(0, 0);
}

Result<EndedSessions> end_sessions_of(Connection& connection, const std::string& role_oid, std::int64_t before_us, const Until& until) {
  EndedSessions result;
  int rounds_without = 0;
  for (int round = 0; round < k_rounds_max && rounds_without < 2; ++round) {
    // One statement looks up and signals, so a process id is never used again by somebody else in between. The second argument waits on the
    // server (ms) until the backend is gone. A backend without a visible start is of that role all the same.
    EXEUNT_TRY_ASSIGN(
        const Rows rows,
        connection.run(Kind::change,
                       "SELECT pg_catalog.pg_terminate_backend(pid, 2000) FROM pg_catalog.pg_stat_activity "
                       "WHERE usesysid = $1::oid AND pid <> pg_catalog.pg_backend_pid() AND ($2::bigint = 0 OR backend_start IS NULL OR "
                       "extract(epoch FROM backend_start) * 1000000 < $2::bigint)",
                       {role_oid, std::to_string(before_us)}, until));
    ++result.calls;
    result.left = 0;
    for (int row = 0; row < rows.size(); ++row) ++(rows.truth(row, 0) ? result.ended : result.left);
    rounds_without = rows.size() == 0 ? rounds_without + 1 : 0;
    // A login that had passed the check before the lock shows up within this time.
    // A loss here counts as one of the change: sessions may have ended.
    if (rounds_without == 1) EXEUNT_TRY(connection.run(Kind::change, "SELECT pg_catalog.pg_sleep(0.1)", {}, until));
  }
  return result;
}

}  // namespace exeunt::connect::postgresql
