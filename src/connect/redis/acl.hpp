// Users of the server's ACL. Hashes of passwords are compared here and stay here: they are in no fact, message or journal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connect/redis/wire.hpp"

namespace exeunt::connect::redis {

struct AclUser {
  std::string name;  // bytes; the server keeps white space and NUL out
  bool on = false;
  bool no_password = false;         // nopass: any password lets in
  std::vector<std::string> hashes;  // SHA-256 of each password, hex
  std::string rules;                // what it may do: keys, channels, commands, selectors

  /// Whether anybody could log in as this user at all.
  [[nodiscard]] bool usable() const { return on && (no_password || !hashes.empty()); }
  [[nodiscard]] bool holds_only(const std::string& hash) const { return !no_password && hashes.size() == 1 && hashes.front() == hash; }
};

/// "user NAME on #hash ~* &* +@all": a line of ACL LIST, of an aclfile or of redis.conf; nullopt: no such line.
[[nodiscard]] std::optional<AclUser> parse_acl_line(std::string_view line);
/// The answer of ACL GETUSER; nullopt: not understood.
[[nodiscard]] std::optional<AclUser> parse_acl_user(const std::string& name, const Reply& reply);

/// Rules as separate words of ACL SETUSER; a selector is one word.
[[nodiscard]] std::vector<std::string> rule_words(std::string_view rules);

/// nullopt: no user has that name.
[[nodiscard]] base::Result<std::optional<AclUser>> user_by_name(Connection& connection, const std::string& name, const Until& until);
struct AclListing {
  std::vector<AclUser> users;
  std::string cut;  // why it may not be whole; empty: whole
};
/// Every user, checked against the server's list of names of the same instant.
[[nodiscard]] base::Result<AclListing> all_users(Connection& connection, const Settings& settings, const Until& until);
/// For each name: may it make or change users, set the server's configuration or load code into it (ACL DRYRUN)?
[[nodiscard]] base::Result<std::vector<bool>> powerful(Connection& connection, const std::vector<std::string>& names, const Until& until);

/// A name or rule as it may stand in a label or fact: itself where it is UTF-8, escaped where it is not.
[[nodiscard]] std::string as_text(const std::string& bytes);
/// A user's native id: its name; "hex:…" for a name that is no UTF-8 text or could be mistaken for that form. There is no immutable id.
[[nodiscard]] std::string native_id_of(const std::string& name);
/// invalid_argument for what no user can be called.
[[nodiscard]] base::Result<std::string> name_of(const std::string& native_id);

}  // namespace exeunt::connect::redis
