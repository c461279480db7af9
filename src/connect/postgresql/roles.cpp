#include "connect/postgresql/roles.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace exeunt::connect::postgresql {

using base::Result;

namespace {

// `reach` is what a role can become by SET ROLE, itself included.
constexpr std::string_view k_roles =
    "WITH RECURSIVE reach(start, oid) AS ("
    "  SELECT r.oid, r.oid FROM pg_catalog.pg_roles r"
    "  UNION SELECT reach.start, m.roleid FROM reach JOIN pg_catalog.pg_auth_members m ON m.member = reach.oid) "
    "SELECT a.oid, a.rolname, a.rolcanlogin, a.rolsuper, a.rolcreaterole, "
    "  (SELECT bool_or(b.rolsuper OR b.rolcreaterole OR b.rolreplication OR b.rolbypassrls OR b.rolname IN "
    "    ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_write_all_data', 'pg_read_all_data', "
    "     'pg_signal_backend')) FROM reach JOIN pg_catalog.pg_roles b ON b.oid = reach.oid WHERE reach.start = a.oid), "
    "  coalesce(a.rolvaliduntil::text, ''), coalesce(pg_catalog.shobj_description(a.oid, 'pg_authid'), '') "
    "FROM pg_catalog.pg_roles a ";

Role role_at(const Rows& rows, int row) {
  return {rows.text(row, 0),  rows.text(row, 1),  rows.truth(row, 2), rows.truth(row, 3),
          rows.truth(row, 4), rows.truth(row, 5), rows.text(row, 6),  rows.text(row, 7)};
}

Result<std::optional<Role>> one_role(Connection& connection, std::string_view where, const std::string& value, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows, connection.read(std::string(k_roles) + std::string(where), {value}, until));
  if (rows.size() == 0) return std::optional<Role>{};
  return std::optional<Role>{role_at(rows, 0)};
}

}  // namespace

bool is_oid(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value != 0 && text.front() != '0';
}

Result<std::vector<Role>> all_roles(Connection& connection, const Until& until) {
  // OIDs below 16384 are the server's own; of these only the bootstrap superuser (10) can log in.
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read(std::string(k_roles) + "WHERE a.oid >= 16384 OR a.oid = 10 ORDER BY a.oid", {}, until));
  std::vector<Role> roles;
  for (int row = 0; row < rows.size(); ++row) roles.push_back(role_at(rows, row));
  return roles;
}

Result<std::optional<Role>> role_by_oid(Connection& connection, const std::string& oid, const Until& until) {
  if (!is_oid(oid)) return base::fail(base::Code::invalid_argument, connection.subject() + ": \"" + oid + "\" is no role OID");
  return one_role(connection, "WHERE a.oid = $1::oid", oid, until);
}

Result<std::optional<Role>> role_by_name(Connection& connection, const std::string& name, const Until& until) {
  return one_role(connection, "WHERE a.rolname = $1::text", name, until);
}

Result<std::vector<Membership>> memberships_of(Connection& connection, const std::string& oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(
      const Rows rows,
      connection.read("SELECT m.roleid, r.rolname, bool_or(m.admin_option), "
                      "bool_or(r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls OR r.rolname LIKE 'pg\\_%') "
                      "FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid "
                      "WHERE m.member = $1::oid GROUP BY 1, 2 ORDER BY 1",
                      {oid}, until));
  std::vector<Membership> all;
  for (int row = 0; row < rows.size(); ++row) {
    all.push_back({oid, rows.text(row, 0), rows.text(row, 1), rows.truth(row, 2), rows.truth(row, 3)});
  }
  return all;
}

std::string hr_id_in_comment(std::string_view comment) {
  constexpr std::string_view k_key = "hr_id=";
  constexpr std::size_t k_length_max = 64;
  const std::size_t at = comment.find(k_key);
  if (at == std::string_view::npos) return {};
  std::string id;
  for (const char c : comment.substr(at + k_key.size())) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
    if (!plain || id.size() == k_length_max) break;
    id += c;
  }
  return id;
}

}  // namespace exeunt::connect::postgresql
