#include "connect/kerberos/settings.hpp"

#include <sys/stat.h>

namespace exeunt::connect::kerberos {

using base::Code;
using base::fail;
using base::Result;

Result<Settings> read_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only({"realm", "kdc_host", "kdc_port", "kadmin_host", "kadmin_port", "principal", "keytab", "control_principal",
                          "clock_skew_seconds", "kdc_log"}));
  Settings settings;
  settings.system = config.id;
  EXEUNT_TRY_ASSIGN(settings.realm, config.require("realm"));
  EXEUNT_TRY_ASSIGN(settings.kdc_host, config.require("kdc_host"));
  EXEUNT_TRY_ASSIGN(settings.kdc_port, config.require_int("kdc_port", 1, 65'535));
  settings.kadmin_host = config.get("kadmin_host", settings.kdc_host);
  EXEUNT_TRY_ASSIGN(settings.kadmin_port, config.require_int("kadmin_port", 1, 65'535));
  EXEUNT_TRY_ASSIGN(settings.principal, config.require("principal"));
  EXEUNT_TRY_ASSIGN(settings.control_principal, config.require("control_principal"));
  if (settings.principal == settings.control_principal) {
    return fail(Code::invalid_argument, config.where + ": control_principal is our own principal", "make one that nobody uses");
  }
  EXEUNT_TRY_ASSIGN(settings.keytab, config.require("keytab"));
  struct stat file{};
  if (::stat(settings.keytab.c_str(), &file) != 0) {
    return fail(Code::invalid_argument, config.where + ": keytab " + settings.keytab + " is not there", "write it with kadmin's ktadd");
  }
  if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Code::invalid_argument, config.where + ": keytab " + settings.keytab + " is readable by others", "chmod 600");
  }
  settings.kdc_log = config.get("kdc_log");
  if (!config.get("clock_skew_seconds").empty()) {
    EXEUNT_TRY_ASSIGN(const int seconds, config.require_int("clock_skew_seconds", 0, 86'400));
    settings.clock_skew = base::Duration{seconds * 1000LL};
  }
  return settings;
}

}  // namespace exeunt::connect::kerberos
