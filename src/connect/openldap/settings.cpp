#include "connect/openldap/settings.hpp"

#include <ldap.h>

#include <memory>
#include <utility>

namespace exeunt::connect::openldap {
namespace {

using base::Code;

constexpr int k_page_size_min = 1, k_page_size_max = 10'000;

struct UrlFree {
  void operator()(LDAPURLDesc* description) const { ldap_free_urldesc(description); }
};

base::Result<bool> flag(const SystemConfig& config, std::string_view key) {
  const std::string text = config.get(key, "false");
  if (text == "true") return true;
  if (text == "false") return false;
  return base::fail(Code::invalid_argument, config.where + ": " + std::string(key) + " is neither true nor false", "write true or false");
}

bool is_loopback(std::string_view host) { return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "[::1]"; }

base::Status read_url(const SystemConfig& config, Settings& settings) {
  EXEUNT_TRY_ASSIGN(settings.url, config.require("url"));
  EXEUNT_TRY_ASSIGN(settings.start_tls, flag(config, "starttls"));
  EXEUNT_TRY_ASSIGN(settings.insecure_loopback, flag(config, "insecure_loopback"));
  LDAPURLDesc* raw = nullptr;
  if (ldap_url_parse(settings.url.c_str(), &raw) != LDAP_URL_SUCCESS) {
    return base::fail(Code::invalid_argument, config.where + ": url is not an LDAP URL", "write ldaps://HOST:PORT");
  }
  const std::unique_ptr<LDAPURLDesc, UrlFree> description(raw);
  const std::string scheme = description->lud_scheme != nullptr ? description->lud_scheme : "";
  settings.host = description->lud_host != nullptr ? description->lud_host : "";
  if ((scheme != "ldap" && scheme != "ldaps") || settings.host.empty()) {
    return base::fail(Code::invalid_argument, config.where + ": url names no host by ldaps:// or ldap://", "write ldaps://HOST:PORT");
  }
  if (scheme == "ldaps" && settings.start_tls) {
    return base::fail(Code::invalid_argument, config.where + ": starttls has no meaning on ldaps://", "leave starttls out");
  }
  if (scheme == "ldap" && !settings.start_tls) {
    if (!settings.insecure_loopback) {
      return base::fail(Code::invalid_argument, config.where + ": ldap:// without TLS would send our credential in the clear",
                        "use ldaps://, or add starttls: true");
    }
    if (!is_loopback(settings.host)) {
      return base::fail(Code::invalid_argument, config.where + ": insecure_loopback is for loopback addresses only",
                        "use ldaps://, or add starttls: true");
    }
  } else {
    EXEUNT_TRY_ASSIGN(settings.ca_file, config.require("ca_file"));
    settings.insecure_loopback = false;
  }
  return {};
}

base::Result<base::Secret> read_credential(const SystemConfig& config, std::string_view key) {
  EXEUNT_TRY_ASSIGN(const std::string reference, config.require(key));
  auto secret = base::read_secret(reference);
  if (!secret) return base::fail(std::move(secret).error().about(config.where + ": " + std::string(key)));
  if (secret->empty()) {
    return base::fail(Code::invalid_argument, config.where + ": " + std::string(key) + " is empty; a bind with it would be anonymous",
                      "put the password into the file that it names");
  }
  return secret;
}

}  // namespace

base::Result<Settings> read_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only({"id", "kind", "tier", "url", "starttls", "insecure_loopback", "ca_file", "bind_dn", "credential", "base_dn",
                          "hr_id_attribute", "switch_group", "control_dn", "control_credential", "privileged_groups", "page_size"}));
  Settings settings;
  settings.system = config.id;
  EXEUNT_TRY(read_url(config, settings));
  EXEUNT_TRY_ASSIGN(settings.bind_dn, config.require("bind_dn"));
  EXEUNT_TRY_ASSIGN(settings.base_dn, config.require("base_dn"));
  EXEUNT_TRY_ASSIGN(settings.credential, read_credential(config, "credential"));
  settings.hr_id_attribute = config.get("hr_id_attribute", "employeeNumber");
  settings.switch_group = config.get("switch_group");
  settings.control_dn = config.get("control_dn");
  if (!settings.control_dn.empty()) {
    EXEUNT_TRY_ASSIGN(settings.control_credential, read_credential(config, "control_credential"));
  }
  if (const auto groups = config.lists.find("privileged_groups"); groups != config.lists.end()) settings.privileged_groups = groups->second;
  if (!config.get("page_size").empty()) {
    EXEUNT_TRY_ASSIGN(settings.page_size, config.require_int("page_size", k_page_size_min, k_page_size_max));
  }
  return settings;
}

}  // namespace exeunt::connect::openldap
