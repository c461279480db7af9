#include "connect/postgresql/role_sql.hpp"

#include "base/escape.hpp"
#include "connect/postgresql/roles.hpp"

namespace exeunt::connect::postgresql {

using base::Code;
using base::fail;
using base::Result;

namespace {

/// Our own text inside a DO block; a SCRAM verifier holds `$` but never this tag.
std::string tagged(const std::string& text) { return "$exeunt_text$" + text + "$exeunt_text$"; }

}  // namespace

Result<std::string> role_sql(Connection& connection, const std::vector<Piece>& pieces, const Until& until) {
  std::string plain;
  std::string by_server;
  bool nameable = true;
  for (const Piece& piece : pieces) {
    by_server += by_server.empty() ? "" : " || ";
    if (piece.oid.empty()) {
      plain += piece.sql;
      by_server += tagged(piece.sql);
      continue;
    }
    EXEUNT_TRY_ASSIGN(const auto found, role_by_oid(connection, piece.oid, until));
    if (!found) return fail(Code::not_found, connection.subject() + ": no role has OID " + piece.oid, "list the accounts again");
    by_server += "pg_catalog.quote_ident((SELECT rolname FROM pg_catalog.pg_roles WHERE oid = " + found->oid + "))";
    if (!base::is_valid_utf8(found->name)) nameable = false;
    if (!nameable) continue;
    EXEUNT_TRY_ASSIGN(const std::string quoted, connection.identifier(found->name));
    plain += quoted;
  }
  if (nameable) return plain;
  return "DO $exeunt$ BEGIN EXECUTE " + by_server + "; END $exeunt$";
}

}  // namespace exeunt::connect::postgresql
