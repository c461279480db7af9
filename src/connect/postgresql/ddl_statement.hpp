// The few statements of a log that make, rename or drop a role, found by PostgreSQL's own lexical rules. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace exeunt::connect::postgresql {

enum class RoleVerb { create, rename, drop, set_password };
struct RoleStatement {
  RoleVerb verb = RoleVerb::create;
  std::string name;
  std::string new_name;  // rename
};

struct RoleQuery {
  std::vector<RoleStatement> roles;
  std::size_t statements = 0;  // of every sort
};

/// Every role statement in a query string (several, divided by `;`; comments, quoted and U& names, string and dollar quotes understood).
/// What does not have the exact form of the grammar is left out, never guessed.
[[nodiscard]] RoleQuery role_statements(std::string_view sql);
/// The statement in a log message ("statement: …", "execute <unnamed>: …"); empty for any other message.
[[nodiscard]] std::string_view statement_in(std::string_view message);

}  // namespace exeunt::connect::postgresql
