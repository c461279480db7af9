#include "connect/postgresql/check.hpp"

#include "connect/postgresql/gate.hpp"
#include "connect/postgresql/roles.hpp"

namespace exeunt::connect::postgresql {

using base::Result;
using base::Status;
using model::NodeKind;

namespace {

class Checker {
 public:
  Checker(const Settings& settings, const base::Clock& clock, Connection& connection, const Until& until)
      : settings_(settings), clock_(clock), connection_(connection), until_(until) {}

  Result<CheckReport> run() {
    EXEUNT_TRY(measure_clock());
    EXEUNT_TRY(look_at_rights());
    EXEUNT_TRY(look_at_gate());
    EXEUNT_TRY(look_at_control());
    EXEUNT_TRY(look_at_log());
    EXEUNT_TRY(look_at_databases());
    return std::move(report_);
  }

 private:
  void missing(NodeKind kind, const std::string& what, const std::string& follows) {
    report_.missing.push_back(what + ": " + follows);
    report_.gaps.push_back({settings_.system, kind, what + ": " + follows});
  }

  Status measure_clock() {
    const base::Time before = clock_.now();
    EXEUNT_TRY_ASSIGN(const Rows rows, connection_.read("SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint, "
                                                        "pg_catalog.current_setting('server_version'), pg_catalog.pg_is_in_recovery()",
                                                        {}, until_));
    const base::Time after = clock_.now();
    const auto ours = (before.time_since_epoch() + after.time_since_epoch()) / 2;
    report_.clock_offset = base::Duration(rows.number(0, 0)) - std::chrono::duration_cast<base::Duration>(ours);
    report_.version = "PostgreSQL " + rows.text(0, 1);
    if (rows.truth(0, 2)) missing(NodeKind::account, "this server is a standby", "nothing can be changed here; name the primary");
    return {};
  }

  Status look_at_rights() {
    EXEUNT_TRY_ASSIGN(const Rows rows,
                      connection_.read("SELECT rolsuper, rolcreaterole, pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'), "
                                       "pg_catalog.pg_has_role('pg_signal_backend', 'USAGE') FROM pg_catalog.pg_roles "
                                       "WHERE rolname = current_user",
                                       {}, until_));
    const bool superuser = rows.truth(0, 0);
    if (superuser) {
      report_.rights.push_back("superuser: root-equivalent on this server and its host");
      return {};
    }
    if (rows.truth(0, 1)) {
      report_.rights.push_back(connection_.version() < 160'000
                                   ? "CREATEROLE: root-equivalent before PostgreSQL 16, for it may grant itself pg_execute_server_program"
                                   : "CREATEROLE: manages roles on which it holds ADMIN OPTION");
      missing(NodeKind::account, "our role is no superuser", "superusers who leave cannot be locked, nor their sessions ended, by it");
      if (connection_.version() >= 160'000) {
        missing(NodeKind::account, "since PostgreSQL 16 CREATEROLE covers only roles it has ADMIN OPTION on",
                "grant it on every role that may leave");
      }
    } else {
      missing(NodeKind::account, "our role has neither superuser nor CREATEROLE", "no account can be locked, no password rotated");
    }
    if (rows.truth(0, 2)) {
      report_.rights.push_back("pg_read_all_stats: sees every session");
    } else {
      missing(NodeKind::session, "no pg_read_all_stats", "session listings are partial; GRANT pg_read_all_stats TO our role");
    }
    if (rows.truth(0, 3)) {
      report_.rights.push_back("pg_signal_backend: ends sessions of roles that are no superuser");
    } else {
      missing(NodeKind::session, "no pg_signal_backend", "sessions cannot be ended; GRANT pg_signal_backend TO our role");
    }
    return {};
  }

  Status look_at_gate() {
    if (settings_.login_gate_database.empty()) {
      missing(NodeKind::account, "no login gate is configured", "endings of accounts are read back, not tried; see docs/operations.md");
      return {};
    }
    EXEUNT_TRY_ASSIGN(const Rows rows, connection_.read("SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1::text",
                                                        {settings_.login_gate_database}, until_));
    if (rows.size() != 0) {
      missing(NodeKind::account, "DANGER: the login gate's database exists",
              "its trust line lets anybody at that address in without a password; drop it, now");
      return {};
    }
    const LoginAnswer answer = log_in(settings_, {settings_.role, nullptr, settings_.login_gate_database}, until_);
    if (answer.end == LoginEnd::server_refused && answer.state == "3D000") {
      report_.rights.push_back("login gate: open for this address, opens no data");
    } else {
      missing(NodeKind::account, "the login gate does not answer (" + answer.words + ")",
              "endings of accounts stay unknown; put the pg_hba trust line for it first, then reload");
    }
    return {};
  }

  Status look_at_control() {
    if (settings_.control_role.empty()) {
      missing(NodeKind::account, "no control_role is configured", "no refusal can be told from a shut gate: nothing is graded refused");
      return {};
    }
    EXEUNT_TRY_ASSIGN(const auto control, role_by_name(connection_, settings_.control_role, until_));
    if (!control || !control->login) {
      missing(NodeKind::account, "the control role does not exist or cannot log in",
              "nothing is graded refused; CREATE ROLE it with LOGIN");
    }
    return {};
  }

  Status look_at_log() {
    if (!settings_.ddl_log) {
      missing(NodeKind::account, "no ddl_log is configured", "roles that a leaver created are not known");
      return {};
    }
    EXEUNT_TRY_ASSIGN(const Rows rows,
                      connection_.read("SELECT pg_catalog.has_function_privilege('pg_read_binary_file(text,bigint,bigint)', 'EXECUTE'), "
                                       "pg_catalog.has_function_privilege('pg_ls_logdir()', 'EXECUTE'), "
                                       "pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')",
                                       {}, until_));
    if (!rows.truth(0, 0) || !rows.truth(0, 1) || !rows.truth(0, 2)) {
      missing(
          NodeKind::account, "the server's log cannot be read",
          "roles that a leaver created are not known; GRANT pg_monitor and EXECUTE ON FUNCTION pg_read_binary_file(text,bigint,bigint)");
      return {};
    }
    EXEUNT_TRY_ASSIGN(const Rows log, connection_.read("SELECT current_setting('logging_collector') = 'on' AND "
                                                       "current_setting('log_destination') LIKE '%csvlog%', "
                                                       "current_setting('log_statement') IN ('ddl', 'mod', 'all')",
                                                       {}, until_));
    if (!log.truth(0, 0)) missing(NodeKind::account, "the server writes no csvlog", "set logging_collector = on, log_destination = csvlog");
    if (!log.truth(0, 1)) missing(NodeKind::account, "the server logs no DDL statements", "set log_statement = ddl");
    if (log.truth(0, 0) && log.truth(0, 1))
      report_.rights.push_back("reads the server's csvlog (CREATE ROLE statements, ends of sessions)");
    return {};
  }

  Status look_at_databases() {
    EXEUNT_TRY_ASSIGN(const Rows rows,
                      connection_.read("SELECT datname FROM pg_catalog.pg_database WHERE datname NOT LIKE 'template%' AND "
                                       "(NOT datallowconn OR NOT pg_catalog.has_database_privilege(oid, 'CONNECT')) ORDER BY 1",
                                       {}, until_));
    for (int row = 0; row < rows.size(); ++row) {
      missing(NodeKind::automation, "no connection to database " + rows.text(row, 0),
              "ownership there is counted, not looked into nor transferred");
    }
    return {};
  }

  const Settings& settings_;
  const base::Clock& clock_;
  Connection& connection_;
  const Until& until_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> check_server(const Settings& settings, const base::Clock& clock, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  return Checker(settings, clock, *connection, until).run();
}

}  // namespace exeunt::connect::postgresql
