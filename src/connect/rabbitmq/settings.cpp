#include "connect/rabbitmq/settings.hpp"

namespace exeunt::connect::rabbitmq {

using base::fail;
using base::Result;

Result<Settings> read_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only({"url", "ca_file", "user", "credential"}));
  Settings settings;
  settings.system = config.id;
  EXEUNT_TRY_ASSIGN(const std::string url, config.require("url"));
  auto parsed = net::Url::parse(url);
  if (!parsed) return fail(parsed.error().about(config.where + ": url of " + config.id.text()));
  settings.url = std::move(*parsed);
  settings.ca_file = config.get("ca_file");
  EXEUNT_TRY_ASSIGN(settings.user, config.require("user"));
  EXEUNT_TRY_ASSIGN(const std::string reference, config.require("credential"));
  auto password = base::read_secret(reference);
  if (!password) return fail(password.error().about(config.where + ": credential of " + config.id.text()));
  settings.password = std::move(*password);
  return settings;
}

}  // namespace exeunt::connect::rabbitmq
