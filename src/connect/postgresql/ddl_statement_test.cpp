#include "connect/postgresql/ddl_statement.hpp"

#include <doctest/doctest.h>

namespace exeunt::connect::postgresql {
namespace {

TEST_CASE("ddl_statement: role statements are found by PostgreSQL's lexical rules") {
  struct Row {
    const char* sql;
    std::size_t statements;
    std::vector<std::string> found;  // "create a", "rename a b", "drop a", "password a"
  };
  const Row rows[] = {
      {"CREATE ROLE a", 1, {"create a"}},
      {"create user A_b login password 'x'", 1, {"create a_b"}},
      {"CREATE GROUP g;", 1, {"create g"}},
      {"create /* role x /* nested */ */ role -- role y\n \"a\"\"b; c\" login", 1, {"create a\"b; c"}},
      {"SET ROLE g; CREATE USER c PASSWORD 'p;'';'; RESET ROLE", 3, {"create c"}},
      {"SELECT 'CREATE ROLE x; CREATE ROLE y'", 1, {}},
      {"SELECT $$; CREATE ROLE x;$$; SELECT $a$ $$ ; CREATE ROLE y $a$", 2, {}},
      {"SELECT E'\\'; CREATE ROLE x; --'", 1, {}},
      {"CREATE ROLE U&\"d\\0061t\\+000061\"", 1, {"create data"}},
      {"CREATE ROLE U&\"d!0061\" UESCAPE '!'", 1, {"create d!0061"}},
      {"CREATE ROLE U&\"\\D800\"", 1, {}},
      {"CREATE USER MAPPING FOR a SERVER s", 1, {}},
      {"CREATE USER mapping", 1, {"create mapping"}},
      {"ALTER ROLE a RENAME TO \"B\"", 1, {"rename a B"}},
      {"ALTER USER a WITH PASSWORD NULL", 1, {"password a"}},
      {"ALTER ROLE a SET search_path TO password", 1, {}},
      {"ALTER ROLE a LOGIN", 1, {}},
      {"DROP ROLE IF EXISTS a, \"b c\", d", 1, {"drop a", "drop b c", "drop d"}},
      {"DROP ROLE if", 1, {"drop if"}},
      {"DROP TABLE role", 1, {}},
      {"CREATE TABLE role (user text)", 1, {}},
      {"", 0, {}},
      {";;;", 0, {}},
      {"CREATE ROLE", 1, {}},
      {"CREATE ROLE 'text'", 1, {}},
      {"CREATE ROLE \"open", 1, {"create open"}},
      {"/* open CREATE ROLE x", 0, {}},
      {"CREATE ROLE a1234567890123456789012345678901234567890123456789012345678901234567890",
       1,
       {"create a12345678901234567890123456789012345678901234567890123456789012"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sql);
    const RoleQuery query = role_statements(row.sql);
    CHECK(query.statements == row.statements);
    std::vector<std::string> found;
    for (const RoleStatement& one : query.roles) {
      switch (one.verb) {
        case RoleVerb::create: found.push_back("create " + one.name); break;
        case RoleVerb::rename: found.push_back("rename " + one.name + " " + one.new_name); break;
        case RoleVerb::drop: found.push_back("drop " + one.name); break;
        case RoleVerb::set_password: found.push_back("password " + one.name); break;
      }
    }
    CHECK(found == row.found);
  }
}

TEST_CASE("ddl_statement: only a statement of the log is taken for one") {
  CHECK(statement_in("statement: CREATE ROLE a") == "CREATE ROLE a");
  CHECK(statement_in("execute <unnamed>: CREATE ROLE a") == "CREATE ROLE a");
  CHECK(statement_in("duration: 1 ms  statement: CREATE ROLE a").empty());
  CHECK(statement_in("role \"statement: CREATE ROLE a\" does not exist").empty());
}

}  // namespace
}  // namespace exeunt::connect::postgresql
