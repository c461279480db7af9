// What a role owns in every database of the server, her SECURITY DEFINER functions among it, and how that changes hands.
#pragma once

#include <string>
#include <vector>

#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/wire.hpp"

namespace exeunt::connect::postgresql {

/// What a role owns in one database, counted from pg_shdepend: that is shared, so no database can hide it by refusing connections.
struct OwnedIn {
  std::string database_oid;  // "0": shared objects (databases, tablespaces)
  std::string database;
  bool connectable = true;  // datallowconn
  std::int64_t objects = 0;
  std::int64_t functions = 0;
};
[[nodiscard]] base::Result<std::vector<OwnedIn>> owned_by(Connection& connection, const std::string& role_oid, const Until& until);

struct DefinerFunction {
  std::string database_oid;
  std::string database;
  std::string oid;        // pg_proc
  std::string signature;  // hostile: "public.totals(integer)"
};
struct DefinerListing {
  std::vector<DefinerFunction> functions;
  std::vector<std::string> unread;  // "sales (3 functions): connections are not allowed"
};
/// Looks into each database where she owns a function.
[[nodiscard]] DefinerListing definers_of(const Settings& settings, const std::vector<OwnedIn>& owned, const std::string& role_oid,
                                         const Until& until);
/// Owner's OID while that function is still there and SECURITY DEFINER; empty otherwise.
[[nodiscard]] base::Result<std::string> definer_owner(Connection& connection, const std::string& function_oid, const Until& until);

struct HandOver {
  std::int64_t databases = 0;
  std::vector<std::string> kept;  // SECURITY DEFINER functions that stay with her role until a person has read them
};
/// REASSIGN OWNED in every database where she owns something. Each database is one transaction; repeating it is harmless.
[[nodiscard]] base::Result<HandOver> hand_over(const Settings& settings, const std::string& from_oid, const std::string& to_oid,
                                               const Until& until);
/// DROP OWNED (grants only are left by then) in every database, then DROP ROLE. failed_precondition while she owns anything.
[[nodiscard]] base::Result<int> drop_role(const Settings& settings, const std::string& role_oid, const Until& until);

}  // namespace exeunt::connect::postgresql
