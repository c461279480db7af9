// Roles and memberships: read by OID, because names can be changed and used again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

struct Role {
  std::string oid;
  std::string name;  // hostile
  bool login = false;
  bool superuser = false;
  bool create_role = false;
  bool powerful =
      false;  // by itself or by a role that it can become: superuser, CREATEROLE, REPLICATION, BYPASSRLS, server files or programs
  std::string valid_until;
  std::string comment;  // hostile
};

struct Membership {
  std::string member;  // OID
  std::string role;    // OID of the role that the member is in
  std::string name;    // of that role
  bool admin = false;
  bool powerful = false;
};

/// Decimal, fits 32 bits. Everything that reaches a statement as an OID went through here.
[[nodiscard]] bool is_oid(std::string_view text);
/// `all`: every role but the built-in pg_* ones.
[[nodiscard]] base::Result<std::vector<Role>> all_roles(Connection& connection, const Until& until);
/// nullopt: there is no such role (dropped).
[[nodiscard]] base::Result<std::optional<Role>> role_by_oid(Connection& connection, const std::string& oid, const Until& until);
[[nodiscard]] base::Result<std::optional<Role>> role_by_name(Connection& connection, const std::string& name, const Until& until);
[[nodiscard]] base::Result<std::vector<Membership>> memberships_of(Connection& connection, const std::string& oid, const Until& until);
/// "hr_id=E1007" anywhere in a role's comment, as a proposal: comments are set by anyone with CREATEROLE.
[[nodiscard]] std::string hr_id_in_comment(std::string_view comment);

}  // namespace exeunt::connect::postgresql
