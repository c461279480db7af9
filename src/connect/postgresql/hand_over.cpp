// Ownership changes hands, or ends: REASSIGN OWNED, DROP OWNED, DROP ROLE (ownership.hpp).
#include "connect/postgresql/ownership.hpp"

namespace exeunt::connect::postgresql {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

struct Party {
  std::string oid;
  std::string quoted;  // identifier
};

Result<Party> party(Connection& connection, const std::string& oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(connection, oid, until));
  if (!role) return fail(Code::not_found, connection.subject() + ": no role has OID " + oid, "list the accounts again");
  EXEUNT_TRY_ASSIGN(std::string quoted, connection.identifier(role->name));
  return Party{oid, std::move(quoted)};
}

/// REASSIGN and DROP OWNED ask for membership in the roles concerned; without superuser we grant it to ourselves inside the transaction
/// and take it back before the commit, so that nobody ever sees it.
class BorrowedMembership {
 public:
  static Result<BorrowedMembership> take(Connection& connection, const std::vector<Party>& parties, const Until& until) {
    BorrowedMembership borrowed;
    for (const Party& one : parties) {
      EXEUNT_TRY_ASSIGN(const Rows rows,
                        connection.read("SELECT pg_catalog.pg_has_role(current_user, $1::oid, 'USAGE')", {one.oid}, until));
      if (rows.truth(0, 0)) continue;
      EXEUNT_TRY(connection.change("GRANT " + one.quoted + " TO CURRENT_USER", until));
      borrowed.taken_.push_back(one.quoted);
    }
    return borrowed;
  }
  Status give_back(Connection& connection, const Until& until) const {
    for (const std::string& quoted : taken_) EXEUNT_TRY(connection.change("REVOKE " + quoted + " FROM CURRENT_USER", until));
    return {};
  }

 private:
  std::vector<std::string> taken_;
};

Result<std::vector<std::string>> keep_definers(Connection& connection, const Party& from, const Party& to,
                                               const std::vector<std::string>& functions, const Until& until) {
  std::vector<std::string> kept;
  for (const std::string& oid : functions) {
    EXEUNT_TRY_ASSIGN(const Rows rows, connection.read("SELECT prokind = 'p', oid::regprocedure::text FROM pg_catalog.pg_proc "
                                                       "WHERE oid = $1::oid AND proowner = $2::oid",
                                                       {oid, to.oid}, until));
    if (rows.size() == 0) continue;
    // regprocedure quotes each part by itself.
    const std::string signature = rows.text(0, 1);
    auto back = connection.change("ALTER ROUTINE " + signature + " OWNER TO " + from.quoted, until);
    if (!back) {
      return fail(Code::failed_precondition,
                  connection.subject() + ": her SECURITY DEFINER function " + oid +
                      " cannot stay with her role while the rest changes hands: " + back.error().what,
                  "have a person read it and drop it or change its owner, then repeat");
    }
    kept.push_back(signature);
  }
  return kept;
}

/// One database, one transaction: after a loss it is wholly with her or wholly handed over.
Result<std::vector<std::string>> hand_over_here(Connection& connection, const std::string& from_oid, const std::string& to_oid,
                                                const Until& until) {
  EXEUNT_TRY(connection.change("BEGIN", until));
  EXEUNT_TRY_ASSIGN(const Party from, party(connection, from_oid, until));
  EXEUNT_TRY_ASSIGN(const Party to, party(connection, to_oid, until));
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read("SELECT oid FROM pg_catalog.pg_proc WHERE proowner = $1::oid AND prosecdef", {from_oid}, until));
  std::vector<std::string> definers;
  for (int row = 0; row < rows.size(); ++row) definers.push_back(rows.text(row, 0));
  EXEUNT_TRY_ASSIGN(const BorrowedMembership borrowed, BorrowedMembership::take(connection, {from, to}, until));
  EXEUNT_TRY(connection.change("REASSIGN OWNED BY " + from.quoted + " TO " + to.quoted, until));
  EXEUNT_TRY_ASSIGN(std::vector<std::string> kept, keep_definers(connection, from, to, definers, until));
  EXEUNT_TRY(borrowed.give_back(connection, until));
  EXEUNT_TRY(connection.commit(until));
  return kept;
}

/// Owners of objects that the role holds grants on: a grant is taken back in its owner's name. Superusers cannot be borrowed.
Result<std::vector<std::string>> owners_who_granted(Connection& connection, const std::string& oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read("SELECT DISTINCT o.refobjid FROM pg_catalog.pg_shdepend a JOIN pg_catalog.pg_shdepend o "
                                    "ON o.dbid = a.dbid AND o.classid = a.classid AND o.objid = a.objid AND o.deptype = 'o' "
                                    "JOIN pg_catalog.pg_roles r ON r.oid = o.refobjid AND NOT r.rolsuper "
                                    "WHERE a.refclassid = 'pg_catalog.pg_authid'::regclass AND a.refobjid = $1::oid AND a.deptype = 'a'",
                                    {oid}, until));
  std::vector<std::string> oids;
  for (int row = 0; row < rows.size(); ++row) oids.push_back(rows.text(row, 0));
  return oids;
}

Result<std::vector<std::string>> connectable_databases(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Rows rows,
                    connection.read("SELECT datname FROM pg_catalog.pg_database WHERE datallowconn ORDER BY oid", {}, until));
  std::vector<std::string> names;
  for (int row = 0; row < rows.size(); ++row) names.push_back(rows.text(row, 0));
  return names;
}

}  // namespace

Result<HandOver> hand_over(const Settings& settings, const std::string& from_oid, const std::string& to_oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto first, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const std::vector<OwnedIn> owned, owned_by(*first, from_oid, until));
  HandOver result;
  for (const OwnedIn& in : owned) {
    const std::string& database = in.database_oid == "0" ? settings.maintenance_database : in.database;
    if (!in.connectable) {
      return fail(Code::failed_precondition,
                  settings.system.text() + ": she owns " + std::to_string(in.objects) + " objects in database " + in.database +
                      ", which refuses connections",
                  "allow connections to it (ALTER DATABASE … ALLOW_CONNECTIONS true), then repeat");
    }
    EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, database, until));
    EXEUNT_TRY_ASSIGN(std::vector<std::string> kept, hand_over_here(*connection, from_oid, to_oid, until));
    for (std::string& signature : kept) result.kept.push_back(in.database + "." + std::move(signature));
    ++result.databases;
  }
  return result;
}

Result<int> drop_role(const Settings& settings, const std::string& role_oid, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto first, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(*first, role_oid, until));
  if (!role) return 0;
  EXEUNT_TRY_ASSIGN(const std::vector<OwnedIn> owned, owned_by(*first, role_oid, until));
  std::int64_t objects = 0;
  for (const OwnedIn& in : owned) objects += in.objects;
  if (objects > 0) {
    return fail(Code::failed_precondition, settings.system.text() + ": the role still owns " + std::to_string(objects) + " objects",
                "transfer them first, and have a person read her SECURITY DEFINER functions; deleting the role would destroy them");
  }
  EXEUNT_TRY_ASSIGN(const std::vector<std::string> databases, connectable_databases(*first, until));
  EXEUNT_TRY_ASSIGN(const std::vector<std::string> grantors, owners_who_granted(*first, role_oid, until));
  int calls = 0;
  for (const std::string& database : databases) {
    EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, database, until));
    EXEUNT_TRY(connection->change("BEGIN", until));
    EXEUNT_TRY_ASSIGN(const Party gone, party(*connection, role_oid, until));
    std::vector<Party> needed = {gone};
    for (const std::string& oid : grantors) {
      EXEUNT_TRY_ASSIGN(Party grantor, party(*connection, oid, until));
      needed.push_back(std::move(grantor));
    }
    EXEUNT_TRY_ASSIGN(const BorrowedMembership borrowed, BorrowedMembership::take(*connection, needed, until));
    EXEUNT_TRY(connection->change("DROP OWNED BY " + gone.quoted + " RESTRICT", until));
    EXEUNT_TRY(borrowed.give_back(*connection, until));
    EXEUNT_TRY(connection->commit(until));
    ++calls;
  }
  EXEUNT_TRY_ASSIGN(const Party gone, party(*first, role_oid, until));
  auto dropped = first->change("DROP ROLE " + gone.quoted, until);
  if (!dropped && first->last_state() == "2BP01") {
    return fail(Code::failed_precondition,
                settings.system.text() +
                    ": the role still holds grants on objects of a superuser or in a database "
                    "that refuses connections",
                "have an administrator run DROP OWNED BY there, then repeat");
  }
  if (!dropped) return fail(dropped.error());
  return calls + 1;
}

}  // namespace exeunt::connect::postgresql
