#include "connect/openldap/directory_entry.hpp"

#include <ldap.h>

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::connect::openldap {
namespace {

constexpr std::size_t k_time_digits = 14, k_uuid_length = 36;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// "2026-11-20T17:00:00.000Z" -> "20261120170000"
std::string digits_of(base::Time time) {
  std::string digits;
  for (const char c : base::to_rfc3339(time)) {
    if (is_digit(c)) digits += c;
  }
  return digits.substr(0, k_time_digits);
}

/// Digits down to the second, and Z.
bool is_utc_time(std::string_view text) {
  return text.size() > k_time_digits && text.back() == 'Z' && std::all_of(text.begin(), text.begin() + k_time_digits, is_digit);
}

}  // namespace

bool is_past(std::string_view text, base::Time now) {
  if (!is_utc_time(text)) return false;
  return text.substr(0, k_time_digits) < digits_of(now);
}

std::optional<base::Time> time_of(std::string_view text) {
  if (!is_utc_time(text)) return std::nullopt;
  const auto part = [&](std::size_t from, std::size_t size) { return std::string(text.substr(from, size)); };
  const auto at =
      base::from_rfc3339(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(8, 2) + ":" + part(10, 2) + ":" + part(12, 2) + "Z");
  return at ? std::optional(*at) : std::nullopt;
}

bool Lock::for_good(base::Time now) const { return since == k_locked_for_good || is_past(end, now); }

Lock lock_of(const Entry& entry) {
  return {entry.first("pwdAccountLockedTime"), entry.first("pwdEndTime"), entry.values("pwdFailureTime").size()};
}

bool is_uuid(std::string_view text) {
  if (text.size() != k_uuid_length) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

std::vector<std::string> account_attributes(const Settings& settings) {
  return {"entryUUID",
          "objectClass",
          "uid",
          "cn",
          "mail",
          "sshPublicKey",
          "userCertificate;binary",
          "pwdAccountLockedTime",
          "pwdEndTime",
          "pwdFailureTime",
          settings.hr_id_attribute};
}

std::string equals(std::string_view attribute, std::string_view value) {
  return "(" + std::string(attribute) + "=" + base::escape_ldap_filter(value) + ")";
}

base::Result<std::optional<Entry>> find_entry(Connection& connection, const Settings& settings, std::string_view uuid,
                                              const std::vector<std::string>& attributes) {
  if (!is_uuid(uuid)) {
    return base::fail(base::Code::invalid_argument, connection.subject() + ": \"" + base::escape_terminal(uuid) + "\" is no entryUUID");
  }
  EXEUNT_TRY_ASSIGN(SearchReply reply, connection.search({settings.base_dn, Scope::subtree, equals("entryUUID", uuid), attributes}));
  if (reply.entries.size() == 1) return std::optional<Entry>(std::move(reply.entries.front()));
  if (reply.cut || !reply.entries.empty()) {
    return base::fail(base::Code::unavailable, connection.subject() + ": search by entryUUID was cut: " + reply.reason);
  }
  if (reply.code == LDAP_NO_SUCH_OBJECT) {
    // The whole tree is out of sight: that says nothing about one entry of it.
    return base::fail(base::Code::permission_denied,
                      connection.subject() + ": base_dn " + settings.base_dn + " is absent or not ours to see",
                      "check base_dn, and that our bind DN may read below it");
  }
  return std::optional<Entry>();
}

base::Result<std::optional<Entry>> read_dn(Connection& connection, const std::string& dn, const std::vector<std::string>& attributes) {
  EXEUNT_TRY_ASSIGN(SearchReply reply, connection.search({dn, Scope::base, "(objectClass=*)", attributes}));
  if (reply.entries.empty()) return std::optional<Entry>();
  return std::optional<Entry>(std::move(reply.entries.front()));
}

model::Node account_node(const Settings& settings, const Entry& entry, bool privileged, base::Time now) {
  model::Node node;
  node.key = {settings.system, model::NodeKind::account, entry.first("entryUUID")};
  const std::string name = entry.first("cn"), login = entry.first("uid");
  node.label = name.empty() ? entry.dn : name;
  node.facts = {{"dn", entry.dn}, {"login", login.empty() ? name : login}};
  // A new password clears a lock, and a person may nearly always change her own: whether the directory lets her is not ours to see.
  node.facts[model::facts::k_undoes_lock] = "yes";
  node.privileged = privileged;
  node.live = !lock_of(entry).any(now);
  return node;
}

}  // namespace exeunt::connect::openldap
