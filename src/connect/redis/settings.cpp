#include "connect/redis/settings.hpp"

namespace exeunt::connect::redis {

using base::Code;
using base::fail;
using base::Result;

namespace {

Result<Persist> persist_of(const SystemConfig& config) {
  EXEUNT_TRY_ASSIGN(const std::string text, config.require("persist"));
  if (text == "acl_file") return Persist::acl_file;
  if (text == "config_rewrite") return Persist::config_rewrite;
  if (text == "none") return Persist::none;
  return fail(Code::invalid_argument, config.where + ": persist: \"" + text + "\" is not known",
              "write acl_file, config_rewrite or none: how a change of the ACL survives a restart");
}

bool is_loopback(const std::string& host) { return host == "127.0.0.1" || host == "::1" || host == "localhost"; }

}  // namespace

Result<Settings> read_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only({"host", "port", "ca_file", "user", "credential", "persist", "persisted_file"}));
  Settings settings;
  settings.system = config.id;
  EXEUNT_TRY_ASSIGN(settings.host, config.require("host"));
  EXEUNT_TRY_ASSIGN(settings.port, config.require_int("port", 1, 65'535));
  settings.ca_file = config.get("ca_file");
  if (settings.ca_file.empty() && !is_loopback(settings.host)) {
    return fail(Code::invalid_argument, config.where + ": ca_file is missing and " + settings.host + " is another machine",
                "give the server TLS and name the authority in ca_file: without it passwords would cross the network in clear");
  }
  EXEUNT_TRY_ASSIGN(settings.user, config.require("user"));
  EXEUNT_TRY_ASSIGN(const std::string reference, config.require("credential"));
  auto password = base::read_secret(reference);
  if (!password) return fail(password.error().about(config.where + ": credential of " + config.id.text()));
  settings.password = std::move(*password);
  EXEUNT_TRY_ASSIGN(settings.persist, persist_of(config));
  settings.persisted_file = config.get("persisted_file");
  if (settings.persist == Persist::none && !settings.persisted_file.empty()) {
    return fail(Code::invalid_argument, config.where + ": persisted_file is named, but persist is none",
                "say how changes are persisted, or leave persisted_file out");
  }
  return settings;
}

}  // namespace exeunt::connect::redis
