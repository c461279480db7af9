// Statements that name roles, written from OIDs: the name is looked up when the statement is made, whatever bytes it has.
#pragma once

#include <string>
#include <vector>

#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

/// SQL text, or a role by its OID.
struct Piece {
  std::string sql;
  std::string oid;  // not empty: the name of this role stands here, quoted
};
[[nodiscard]] inline Piece sql(std::string text) { return {std::move(text), {}}; }
[[nodiscard]] inline Piece role(std::string oid) { return {{}, std::move(oid)}; }

/// The statement as text. not_found when a role is gone. A name that is not valid UTF-8 (made in a database of another encoding, so that
/// nobody can name it) is quoted by the server itself, inside a DO block.
[[nodiscard]] base::Result<std::string> role_sql(Connection& connection, const std::vector<Piece>& pieces, const Until& until);

}  // namespace exeunt::connect::postgresql
