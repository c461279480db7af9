// Accounts of the provider. A login is re-usable; where a property that never changes is configured, that is the account.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connect/connector.hpp"
#include "connect/glewlwyd/api.hpp"

namespace exeunt::connect::glewlwyd {

struct Account {
  std::string id;  // of id_property, or the login
  std::string login;
  std::string name;
  std::string email;
  std::string hr_id;
  std::string source;   // user module that holds it: "database", "directory"
  std::string locked;   // what lock_property says; empty: nothing
  bool enabled = true;  // the provider's own switch; a directory's accounts have it on, always
  bool administrator = false;
  base::JsonObject whole;  // as the provider sent it
  /// The directory behind the provider refuses its password for good (pwdAccountLockedTime 000001010000Z).
  [[nodiscard]] bool locked_for_good() const;
  [[nodiscard]] bool usable() const { return enabled && !locked_for_good(); }
};

/// nullopt: not an account object (no login), or without the property that names it.
[[nodiscard]] std::optional<Account> read_account(const base::Json& row, const Settings& settings, const std::string& admin_scope);
[[nodiscard]] base::Result<AccountListing> list_accounts(Api& api, const Until& until);
/// By id; the login that the node carries is only tried first. nullopt: the provider lists no such account (any more).
[[nodiscard]] base::Result<std::optional<Account>> find_account(Api& api, const std::string& id, const std::string& login_hint,
                                                                const Until& until);
/// Whether the provider may write to the source that holds the account.
[[nodiscard]] base::Result<bool> is_writable(Api& api, const Account& account, const Until& until);
[[nodiscard]] model::Node account_node(const Account& account, const Settings& settings);
[[nodiscard]] base::Result<std::string> admin_scope(Api& api, const Until& until);

}  // namespace exeunt::connect::glewlwyd
