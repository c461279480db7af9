#include "connect/postgresql/observe.hpp"

#include "connect/answers.hpp"
#include "connect/postgresql/ownership.hpp"
#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/server_log.hpp"
#include "connect/postgresql/sessions.hpp"

namespace exeunt::connect::postgresql {

using base::Result;
using model::Grade;
using model::NodeKind;

namespace {

Observation seen(Presence presence, std::string words) { return {presence, Grade::read_back, std::move(words)}; }

Result<Observation> observe_account(Connection& connection, const model::Node& target, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(connection, target.key.native_id, until));
  if (!role) return seen(Presence::absent, "no role has this OID any more");
  return role->login ? seen(Presence::present, "LOGIN in pg_roles") : seen(Presence::absent, "NOLOGIN in pg_roles");
}

Result<Observation> observe_session(const Settings& settings, Connection& connection, const model::Node& target, const Until& until) {
  EXEUNT_TRY_ASSIGN(const bool sees_all, sees_all_sessions(connection, until));
  if (!sees_all) return seen(Presence::unknown, "our role has no pg_read_all_stats");
  const std::string pid = fact(target, "pid");
  const std::string started = fact(target, "started");
  // An endpoint is used again by another client sooner or later; pid and start are this session's own.
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE CASE WHEN $2::text <> '' THEN "
                                    "pid::text = $2::text AND (extract(epoch FROM backend_start) * 1000000)::bigint::text = $3::text ELSE "
                                    "host(client_addr) || ':' || client_port = $1::text END",
                                    {target.key.native_id, pid, started}, until));
  if (rows.size() != 0) return seen(Presence::present, "listed in pg_stat_activity");
  Observation absent = seen(Presence::absent, "no such backend in pg_stat_activity");
  absent.listing = model::Completeness::full;  // our role sees all of it
  if (!settings.ddl_log) return absent;
  const auto logged = log_says_ended(connection, pid, started, until);
  if (logged && *logged) {
    absent.grade = Grade::observed;
    absent.words += ", and the server's log says that it ended";
  }
  return absent;
}

Result<Observation> observe_membership(Connection& connection, const model::Node& target, const Until& until) {
  const std::string& id = target.key.native_id;
  const std::size_t colon = id.find(':');
  if (colon == std::string::npos || !is_oid(id.substr(0, colon)) || !is_oid(id.substr(colon + 1))) {
    return base::fail(base::Code::invalid_argument, "\"" + id + "\" is no membership (member OID:role OID)");
  }
  EXEUNT_TRY_ASSIGN(const Rows rows, connection.read("SELECT 1 FROM pg_catalog.pg_auth_members WHERE member = $1::oid AND roleid = $2::oid",
                                                     {id.substr(0, colon), id.substr(colon + 1)}, until));
  return rows.size() == 0 ? seen(Presence::absent, "no such row in pg_auth_members") : seen(Presence::present, "listed in pg_auth_members");
}

Result<Observation> observe_automation(const Settings& settings, const model::Node& target, const Until& until) {
  const std::string& id = target.key.native_id;
  const std::size_t colon = id.find(':');
  const std::string database_oid = id.substr(0, colon);
  if (colon == std::string::npos || !is_oid(database_oid) || !is_oid(id.substr(colon + 1))) {
    return base::fail(base::Code::invalid_argument, "\"" + id + "\" is no function (database OID:function OID)");
  }
  EXEUNT_TRY_ASSIGN(const auto first, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const Rows rows, first->read("SELECT datname FROM pg_catalog.pg_database WHERE oid = $1::oid", {database_oid}, until));
  if (rows.size() == 0) return seen(Presence::absent, "its database was dropped");
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, rows.text(0, 0), until));
  EXEUNT_TRY_ASSIGN(const std::string owner, definer_owner(*connection, id.substr(colon + 1), until));
  if (owner.empty()) return seen(Presence::absent, "the function is gone or no longer SECURITY DEFINER");
  const std::string was = fact(target, "owner_oid");
  if (!was.empty() && was != owner) return seen(Presence::absent, "the function has another owner");
  return seen(Presence::present, "still SECURITY DEFINER and hers");
}

}  // namespace

Result<Observation> observe_node(const Settings& settings, const model::Node& target, const Until& until) {
  if (target.key.kind == NodeKind::automation) return observe_automation(settings, target, until);
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  if (target.key.kind == NodeKind::account) return observe_account(*connection, target, until);
  if (target.key.kind == NodeKind::session) return observe_session(settings, *connection, target, until);
  if (target.key.kind == NodeKind::membership) return observe_membership(*connection, target, until);
  return seen(Presence::unknown, "a password cannot be read back");
}

}  // namespace exeunt::connect::postgresql
