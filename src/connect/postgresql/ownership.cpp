#include "connect/postgresql/ownership.hpp"

#include "base/escape.hpp"

namespace exeunt::connect::postgresql {

using base::Result;

Result<std::vector<OwnedIn>> owned_by(Connection& connection, const std::string& role_oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(
      const Rows rows,
      connection.read("SELECT s.dbid, coalesce(d.datname, ''), coalesce(d.datallowconn, true), count(DISTINCT (s.classid, s.objid)), "
                      "count(DISTINCT s.objid) FILTER (WHERE s.classid = 'pg_catalog.pg_proc'::regclass) "
                      "FROM pg_catalog.pg_shdepend s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid "
                      "WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND s.refobjid = $1::oid AND s.deptype = 'o' "
                      "GROUP BY 1, 2, 3 ORDER BY 1",
                      {role_oid}, until));
  std::vector<OwnedIn> all;
  for (int row = 0; row < rows.size(); ++row) {
    all.push_back({rows.text(row, 0), rows.text(row, 1), rows.truth(row, 2), rows.number(row, 3), rows.number(row, 4)});
  }
  return all;
}

namespace {
base::Status read_definers(Connection& connection, const OwnedIn& in, const std::string& role_oid, const Until& until,
                           std::vector<DefinerFunction>& out) {
  EXEUNT_TRY_ASSIGN(const Rows rows, connection.read("SELECT oid, oid::regprocedure::text FROM pg_catalog.pg_proc "
                                                     "WHERE proowner = $1::oid AND prosecdef ORDER BY 1",
                                                     {role_oid}, until));
  for (int row = 0; row < rows.size(); ++row) out.push_back({in.database_oid, in.database, rows.text(row, 0), rows.text(row, 1)});
  return {};
}
}  // namespace

DefinerListing definers_of(const Settings& settings, const std::vector<OwnedIn>& owned, const std::string& role_oid, const Until& until) {
  DefinerListing listing;
  for (const OwnedIn& in : owned) {
    if (in.functions == 0) continue;
    const std::string unread = in.database + " (" + std::to_string(in.functions) + " functions): ";
    if (!in.connectable) {
      listing.unread.push_back(unread + "connections are not allowed");
      continue;
    }
    auto connection = open_own(settings, in.database, until);
    if (!connection) {
      listing.unread.push_back(unread + connection.error().what);
      continue;
    }
    if (auto read = read_definers(**connection, in, role_oid, until, listing.functions); !read) {
      listing.unread.push_back(unread + read.error().what);
    }
  }
  return listing;
}

Result<std::string> definer_owner(Connection& connection, const std::string& function_oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read("SELECT proowner FROM pg_catalog.pg_proc WHERE oid = $1::oid AND prosecdef", {function_oid}, until));
  return rows.size() == 0 ? std::string{} : rows.text(0, 0);
}

}  // namespace exeunt::connect::postgresql
