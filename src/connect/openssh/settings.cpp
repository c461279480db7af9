#include "connect/openssh/settings.hpp"

#include <sstream>

#include "base/file.hpp"
#include "connect/openssh/authorized_keys.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;
using base::Result;

std::vector<std::string> list_of(const SystemConfig& config, const std::string& key) {
  if (const auto found = config.lists.find(key); found != config.lists.end()) return found->second;
  std::vector<std::string> out;
  std::istringstream words(config.get(key));
  for (std::string word; words >> word;) out.push_back(word);
  return out;
}

Result<std::string> read_public_half(const SystemConfig& config, std::string_view key) {
  const auto path = config.get(key);
  if (path.empty()) return std::string{};
  auto text = base::read_file(path, 64 * 1024);
  if (!text) return fail(text.error().about(config.where + ": " + std::string(key)));
  return std::move(*text);
}

base::Status read_control(const SystemConfig& config, OpenSshSettings& out) {
  out.control_account = config.get("control_account");
  EXEUNT_TRY_ASSIGN(const auto key, read_public_half(config, "control_key"));
  if (!key.empty()) {
    const auto parsed = parse_public_line(key);
    if (!parsed) return fail(parsed.error().about(config.where + ": control_key"));
    out.control_key = parsed->line();
  }
  EXEUNT_TRY_ASSIGN(const auto certificate, read_public_half(config, "control_certificate"));
  if (!certificate.empty()) {
    const auto parsed = parse_certificate_line(certificate);
    if (!parsed) return fail(parsed.error().about(config.where + ": control_certificate"));
    out.control_certificate = parsed->line();
  }
  if (out.control_account.empty() && !(out.control_key.empty() && out.control_certificate.empty())) {
    return fail(Code::invalid_argument, config.where + ": control_key is given without control_account", "name the account that it opens");
  }
  return {};
}

}  // namespace

Result<OpenSshSettings> read_openssh_settings(const SystemConfig& config) {
  EXEUNT_TRY(config.only({"host", "port", "known_hosts", "manage_as", "key_file", "authorized_keys", "krl", "ca_public_key", "ca_ledger",
                          "accounts", "passwd_file", "shared_accounts", "session_log", "control_account", "control_key",
                          "control_certificate", "tier", "id", "kind"}));
  OpenSshSettings out;
  out.system = config.id;
  EXEUNT_TRY_ASSIGN(out.host, config.require("host"));
  EXEUNT_TRY_ASSIGN(out.port, config.require_int("port", 1, 65535));
  EXEUNT_TRY_ASSIGN(out.known_hosts, config.require("known_hosts"));
  EXEUNT_TRY_ASSIGN(out.manage_as, config.require("manage_as"));
  EXEUNT_TRY_ASSIGN(auto key_file, config.require("key_file"));
  out.key_reference = key_file.starts_with("file:") ? key_file : "file:" + key_file;
  out.authorized_keys = list_of(config, "authorized_keys");
  if (out.authorized_keys.empty()) out.authorized_keys = {".ssh/authorized_keys", ".ssh/authorized_keys2"};  // sshd_config(5)'s default
  for (const auto& pattern : out.authorized_keys) {
    if (const auto expanded = expand_key_file(pattern, "login", "1000", "/home"); !expanded) {
      return fail(expanded.error().about(config.where + ": authorized_keys"));
    }
  }
  out.krl = config.get("krl");
  out.ca_public_key = config.get("ca_public_key");
  out.ca_ledger = config.get("ca_ledger");
  out.accounts = list_of(config, "accounts");
  out.passwd_file = config.get("passwd_file");
  out.shared_accounts = list_of(config, "shared_accounts");
  out.session_log = config.get("session_log");
  EXEUNT_TRY(read_control(config, out));
  return out;
}

}  // namespace exeunt::connect
