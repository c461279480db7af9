#include "connect/postgresql/settings.hpp"

namespace exeunt::connect::postgresql {

using base::Code;
using base::fail;
using base::Result;

Result<Settings> read_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only(
      {"host", "port", "ca_file", "role", "credential", "maintenance_database", "login_gate_database", "control_role", "ddl_log"}));
  Settings settings;
  settings.system = config.id;
  EXEUNT_TRY_ASSIGN(settings.host, config.require("host"));
  EXEUNT_TRY_ASSIGN(settings.port, config.require_int("port", 1, 65'535));
  EXEUNT_TRY_ASSIGN(settings.ca_file, config.require("ca_file"));
  EXEUNT_TRY_ASSIGN(settings.role, config.require("role"));
  EXEUNT_TRY_ASSIGN(const std::string reference, config.require("credential"));
  auto password = base::read_secret(reference);
  if (!password) return fail(password.error().about(config.where + ": credential of " + config.id.text()));
  settings.password = std::move(*password);
  settings.maintenance_database = config.get("maintenance_database", "postgres");
  settings.login_gate_database = config.get("login_gate_database");
  settings.control_role = config.get("control_role");
  const std::string log = config.get("ddl_log");
  if (!log.empty() && log != "csvlog") {
    return fail(Code::invalid_argument, config.where + ": ddl_log: \"" + log + "\" is not known", "write csvlog, or leave the key out");
  }
  settings.ddl_log = log == "csvlog";
  if (settings.login_gate_database == settings.maintenance_database) {
    return fail(Code::invalid_argument, config.where + ": login_gate_database is the maintenance database",
                "name a database that does not exist: its trust line must open no data");
  }
  return settings;
}

}  // namespace exeunt::connect::postgresql
