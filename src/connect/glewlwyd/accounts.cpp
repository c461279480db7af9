#include "connect/glewlwyd/accounts.hpp"

#include <algorithm>

namespace exeunt::connect::glewlwyd {

using base::Code;
using base::fail;
using base::Json;
using base::JsonArray;
using base::JsonObject;
using base::Result;

namespace {

/// A property may be one text or a list of texts.
std::string text_of(const JsonObject& object, const std::string& key) {
  if (key.empty()) return {};
  const Json* value = object.if_contains(key);
  if (value != nullptr && value->is_array() && !value->as_array().empty()) value = &value->as_array().front();
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string(text->data(), text->size());
}

}  // namespace

// slapo-ppolicy(5): this value locks until an administrator unlocks; any other is a lock that ends by itself.
bool Account::locked_for_good() const { return locked == "000001010000Z"; }

std::optional<Account> read_account(const Json& row, const Settings& settings, const std::string& admin_scope) {
  const JsonObject* object = row.if_object();
  if (object == nullptr) return std::nullopt;
  Account account;
  account.login = text_of(*object, "username");
  account.id = settings.id_property.empty() ? account.login : text_of(*object, settings.id_property);
  if (account.login.empty()) return std::nullopt;
  // An account of another source (our own, the first administrator) has no directory id: its login names it, marked so that no id looks like it.
  if (account.id.empty()) account.id = "login:" + account.login;
  account.name = text_of(*object, "name");
  account.email = text_of(*object, "email");
  account.hr_id = text_of(*object, settings.hr_id_property);
  account.source = text_of(*object, "source");
  account.locked = text_of(*object, settings.lock_property);
  // Absent or no boolean: taken for usable, the safe side.
  account.enabled = base::json_bool(*object, "enabled").value_or(true);
  if (const auto scopes = base::json_array(*object, "scope")) {
    account.administrator = std::any_of((*scopes)->begin(), (*scopes)->end(), [&](const Json& scope) {
      return scope.is_string() && std::string_view(scope.as_string().data(), scope.as_string().size()) == admin_scope;
    });
  }
  account.whole = *object;
  return account;
}

Result<std::string> admin_scope(Api& api, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Json config, api.read_openly(api.settings().url.path("config"), until));
  const JsonObject* object = config.if_object();
  const std::string scope = object == nullptr ? "" : base::json_string(*object, "admin_scope").value_or("");
  if (scope.empty())
    return fail(Code::unavailable, api.subject() + ": /config names no administrators' scope", "see that url names a Glewlwyd server");
  return scope;
}

model::Node account_node(const Account& account, const Settings& settings) {
  model::Node node;
  node.key = {settings.system, model::NodeKind::account, account.id};
  node.label = account.login;
  node.facts = {{"login", account.login}, {"source", account.source}};
  node.privileged = account.administrator;
  node.live = account.usable();
  return node;
}

Result<AccountListing> list_accounts(Api& api, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string scope, admin_scope(api, until));
  EXEUNT_TRY_ASSIGN(const Rows rows, api.list(api.api().path("user/"), "username", until));
  AccountListing out;
  out.completeness = rows.completeness;
  out.reason = rows.reason;
  for (const Json& row : rows.rows) {
    const auto account = read_account(row, api.settings(), scope);
    if (!account) {
      out.completeness = model::Completeness::partial;
      out.reason = "an account of the listing has no login";
      continue;
    }
    AccountRecord record;
    record.node = account_node(*account, api.settings());
    record.hr_id = account->hr_id;
    record.login = account->login;
    record.email = account->email;
    record.display_name = account->name;
    record.administrator = account->administrator;
    record.enabled = account->usable();
    out.accounts.push_back(std::move(record));
  }
  return out;
}

Result<std::optional<Account>> find_account(Api& api, const std::string& id, const std::string& login_hint, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string scope, admin_scope(api, until));
  if (!login_hint.empty()) {
    auto row = api.read(api.api().path("user").segment(login_hint), until);
    if (row) {
      auto account = read_account(*row, api.settings(), scope);
      if (account && account->id == id) return account;
    } else if (row.error().code != Code::not_found) {
      return fail(row.error());
    }
  }
  // Renamed, or gone: only the whole listing tells which.
  EXEUNT_TRY_ASSIGN(const Rows rows, api.list(api.api().path("user/"), "username", until));
  for (const Json& row : rows.rows) {
    auto account = read_account(row, api.settings(), scope);
    if (account && account->id == id) return account;
  }
  if (rows.completeness != model::Completeness::full) {
    return fail(Code::unavailable, api.subject() + ": the account is not in a listing that is not whole (" + rows.reason + ")", "repeat");
  }
  return std::optional<Account>{};
}

Result<bool> is_writable(Api& api, const Account& account, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Json modules, api.read(api.api().path("mod/user/"), until));
  const JsonArray* rows = modules.if_array();
  for (const Json& row : rows == nullptr ? JsonArray{} : *rows) {
    const JsonObject* object = row.if_object();
    if (object == nullptr || text_of(*object, "name") != account.source) continue;
    // The LDAP module has no switch of its own: "a ldap user is always enabled" (its source), whatever a PUT is answered.
    return text_of(*object, "module") != "ldap" && !base::json_bool(*object, "readonly").value_or(true);
  }
  return fail(Code::unavailable, api.subject() + ": the source of the account is not among the provider's user modules", "repeat");
}

}  // namespace exeunt::connect::glewlwyd
