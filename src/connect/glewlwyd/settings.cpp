#include "connect/glewlwyd/settings.hpp"

#include <algorithm>
#include <cctype>

namespace exeunt::connect::glewlwyd {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr int k_page_size_max = 1000;

Result<base::Secret> read_credential(const SystemConfig& config, std::string_view key) {
  EXEUNT_TRY_ASSIGN(const std::string reference, config.require(key));
  auto secret = base::read_secret(reference);
  if (!secret) return fail(secret.error().about(config.where + ": " + std::string(key) + " of " + config.id.text()));
  return secret;
}

}  // namespace

Result<Settings> read_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only({"url", "ca_file", "login", "credential", "plugin", "id_property", "hr_id_property", "lock_property", "client_id",
                          "client_credential", "client_scope", "page_size"}));
  Settings settings;
  settings.system = config.id;
  EXEUNT_TRY_ASSIGN(const std::string address, config.require("url"));
  auto url = net::Url::parse(address);
  if (!url) return fail(url.error().about(config.where + ": url of " + config.id.text()));
  settings.url = std::move(*url);
  settings.ca_file = config.get("ca_file");
  EXEUNT_TRY_ASSIGN(settings.login, config.require("login"));
  EXEUNT_TRY_ASSIGN(settings.credential, read_credential(config, "credential"));
  settings.plugin = config.get("plugin", "oidc");
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  if (settings.plugin.empty() || !std::all_of(settings.plugin.begin(), settings.plugin.end(), plain)) {
    return fail(Code::invalid_argument, config.where + ": plugin of " + config.id.text() + " is no instance name",
                "write the name of the OpenID Connect plugin instance, as it stands in the provider's administration");
  }
  settings.id_property = config.get("id_property");
  settings.hr_id_property = config.get("hr_id_property");
  settings.lock_property = config.get("lock_property");
  settings.client_id = config.get("client_id");
  settings.client_scope = config.get("client_scope");
  if (!settings.client_id.empty()) {
    EXEUNT_TRY_ASSIGN(settings.client_credential, read_credential(config, "client_credential"));
  } else if (!config.get("client_credential").empty()) {
    return fail(Code::invalid_argument, config.where + ": client_credential is given without client_id",
                "name the client that it belongs to");
  }
  if (!config.get("page_size").empty()) {
    EXEUNT_TRY_ASSIGN(settings.page_size, config.require_int("page_size", 1, k_page_size_max));
  }
  return settings;
}

}  // namespace exeunt::connect::glewlwyd
