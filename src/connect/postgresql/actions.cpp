#include "connect/postgresql/actions.hpp"

#include <set>

#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/postgresql/gate.hpp"
#include "connect/postgresql/ownership.hpp"
#include "connect/postgresql/role_sql.hpp"
#include "connect/postgresql/roles.hpp"
#include "connect/postgresql/sessions.hpp"

namespace exeunt::connect::postgresql {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model::NodeKind;

namespace {

bool cannot_log_in(const Role& role) { return !role.login; }
bool in_any_case(const Role&) { return true; }

std::vector<model::NodeId> ids_of(const std::vector<model::Node>& nodes, NodeKind kind) {
  std::vector<model::NodeId> ids;
  for (const model::Node& node : nodes) {
    if (node.key.kind == kind) ids.push_back(node.id());
  }
  return ids;
}

}  // namespace

Status change_role(Connection& connection, const std::string& oid, std::string attributes, bool (*took_effect)(const Role&),
                   const Until& until) {
  EXEUNT_TRY(connection.change("BEGIN", until));
  EXEUNT_TRY_ASSIGN(const auto before, role_by_oid(connection, oid, until));
  EXEUNT_TRY_ASSIGN(const std::string statement, role_sql(connection, {sql("ALTER ROLE "), role(oid), sql(std::move(attributes))}, until));
  EXEUNT_TRY(connection.change(statement, until));
  EXEUNT_TRY_ASSIGN(const auto after, role_by_oid(connection, oid, until));
  // A statement names the role; only its OID is hers. If the name changed hands in between, nothing is kept.
  if (!before || !after || before->name != after->name || !took_effect(*after)) {
    return fail(Code::aborted, connection.subject() + ": the role with OID " + oid + " was renamed during the call; nothing was changed",
                "repeat");
  }
  return connection.commit(until);
}

Result<Pair> membership_pair(const std::string& native_id) {
  const std::size_t colon = native_id.find(':');
  if (colon != std::string::npos) {
    Pair pair{native_id.substr(0, colon), native_id.substr(colon + 1)};
    if (is_oid(pair.member) && is_oid(pair.role)) return pair;
  }
  return fail(Code::invalid_argument, "\"" + base::escape_terminal(native_id) + "\" is no membership (member OID:role OID)");
}

Result<std::string> replace_password(const Settings& settings, const std::string& oid, const base::Secret& value, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(*connection, oid, until));
  if (!role || !role->login)
    return fail(Code::failed_precondition, settings.system.text() + ": the role with OID " + oid + " cannot log in already");
  EXEUNT_TRY_ASSIGN(const std::string verifier, connection->scram_verifier(value, oid));
  EXEUNT_TRY_ASSIGN(const std::string literal, connection->literal(verifier));
  EXEUNT_TRY(change_role(*connection, oid, " PASSWORD " + literal, in_any_case, until));
  return role->name;
}

Result<ApplyOutcome> lock_account(const Settings& settings, const ApplyRequest& request, bool replace, const Until& until) {
  const std::string& oid = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(auto connection, open_own(settings, settings.maintenance_database, until));
  std::string attributes = " NOLOGIN";
  if (replace) attributes += " NOCREATEROLE PASSWORD NULL VALID UNTIL 'epoch'";
  ApplyOutcome outcome;
  outcome.acknowledged = {request.target.id()};
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(*connection, oid, until));
  if (!role) {
    outcome.words = "the role was dropped already";
    return outcome;
  }
  auto locked = change_role(*connection, oid, attributes, cannot_log_in, until);
  outcome.calls = 1;
  const bool held_up = !locked && locked.error().code == Code::unavailable && connection->last_state() == "55P03";
  if (held_up) {
    // A session of hers that has altered the role and does not commit holds the row: it ends first, then once more.
    EXEUNT_TRY_ASSIGN(connection, open_own(settings, settings.maintenance_database, until));
    EXEUNT_TRY_ASSIGN(const EndedSessions ended, end_sessions_of(*connection, oid, 0, until));
    outcome.words = counted(ended.ended, "session") + " that held the role's row ended, ";
    auto again = change_role(*connection, oid, attributes, cannot_log_in, until);
    if (!again) return fail(after_an_effect(again.error()));
    outcome.calls += 1 + ended.calls;
  } else if (!locked) {
    return fail(locked.error());
  }
  outcome.words += replace ? "NOLOGIN set, password and CREATEROLE gone" : "NOLOGIN set";
  return outcome;
}

Result<ApplyOutcome> end_sessions(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  const std::string& oid = request.target.key.native_id;
  if (!is_oid(oid)) return fail(Code::invalid_argument, settings.system.text() + ": \"" + oid + "\" is no role OID");
  EXEUNT_TRY_ASSIGN(const EndedSessions ended, end_sessions_of(*connection, oid, 0, until));
  const auto still = sessions_of(*connection, oid, until);
  if (!still) return fail(after_an_effect(still.error()));
  std::set<std::string> open;
  for (const Session& session : *still) open.insert(session.endpoint);
  ApplyOutcome outcome;
  for (const model::Node& node : request.covered) {
    if (node.key.kind == NodeKind::session && open.count(node.key.native_id) == 0) outcome.acknowledged.push_back(node.id());
  }
  if (still->empty()) outcome.acknowledged.push_back(request.target.id());
  outcome.calls = ended.calls;
  outcome.words =
      counted(ended.ended, "session") + " ended" + (still->empty() ? "" : ", " + std::to_string(still->size()) + " still there");
  return outcome;
}

namespace {

Result<Rows> rows_of(Connection& connection, const Pair& pair, const Until& until) {
  return connection.read("SELECT coalesce(grantor, 0) FROM pg_catalog.pg_auth_members WHERE member = $1::oid AND roleid = $2::oid",
                         {pair.member, pair.role}, until);
}

/// Ok: revoked, or was not there.
Status revoke(Connection& connection, const Pair& pair, const Until& until) {
  EXEUNT_TRY(connection.change("BEGIN", until));
  EXEUNT_TRY_ASSIGN(const Rows rows, rows_of(connection, pair, until));
  for (int row = 0; row < rows.size(); ++row) {
    std::vector<Piece> pieces = {sql("REVOKE "), role(pair.role), sql(" FROM "), role(pair.member)};
    // Since 16 there is one row a grantor, and REVOKE takes back what its own grantor gave only.
    if (connection.version() >= 160'000 && is_oid(rows.text(row, 0))) {
      pieces.insert(pieces.end(), {sql(" GRANTED BY "), role(rows.text(row, 0)), sql(" CASCADE")});
    }
    EXEUNT_TRY_ASSIGN(const std::string statement, role_sql(connection, pieces, until));
    EXEUNT_TRY(connection.change(statement, until));
  }
  EXEUNT_TRY_ASSIGN(const Rows left, rows_of(connection, pair, until));
  if (left.size() != 0) {
    return fail(Code::aborted, connection.subject() + ": a role was renamed during the call; nothing was changed", "repeat");
  }
  return connection.commit(until);
}

}  // namespace

Result<ApplyOutcome> remove_memberships(const Settings& settings, const ApplyRequest& request, const Until& until) {
  ApplyOutcome outcome;
  for (const model::Node& node : request.covered) {
    if (node.key.kind != NodeKind::membership) continue;
    EXEUNT_TRY_ASSIGN(const Pair pair, membership_pair(node.key.native_id));
    EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
    if (auto revoked = revoke(*connection, pair, until); !revoked) {
      return fail(outcome.calls > 0 ? after_an_effect(revoked.error()) : revoked.error());
    }
    ++outcome.calls;
    outcome.acknowledged.push_back(node.id());
  }
  outcome.acknowledged.push_back(request.target.id());
  outcome.words = counted(outcome.calls, "membership") + " removed";
  return outcome;
}

Result<ApplyOutcome> rotate_secret(const Settings& settings, const ApplyRequest& request, std::int64_t& rotated_us, const Until& until) {
  if (request.new_secret == nullptr || request.new_secret->empty()) {
    return fail(Code::invalid_argument, settings.system.text() + ": rotate_secret needs the new value", "see the action's needs_secret");
  }
  const std::string& oid = request.target.key.native_id;
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(*connection, oid, until));
  if (!role) return fail(Code::not_found, settings.system.text() + ": no role has OID " + oid, "mend the policy's secrets table");
  std::string words;
  // A repeat of a rotation that has arrived must not end the sessions that were opened with the new value since.
  const bool arrived = rotated_us != 0 && try_password(settings, role->name, *request.new_secret, until, words) == PasswordAnswer::taken;
  ApplyOutcome outcome;
  if (!arrived) {
    EXEUNT_TRY_ASSIGN(const std::string verifier, connection->scram_verifier(*request.new_secret, role->name));
    EXEUNT_TRY_ASSIGN(const std::string literal, connection->literal(verifier));
    EXEUNT_TRY(change_role(*connection, oid, " PASSWORD " + literal, in_any_case, until));
    auto now = server_time_us(*connection, until);
    if (!now) return fail(after_an_effect(now.error()));
    rotated_us = *now;
    ++outcome.calls;
  }
  auto ended = end_sessions_of(*connection, oid, rotated_us, until);
  if (!ended) return fail(after_an_effect(ended.error()));
  outcome.calls += ended->calls;
  outcome.words = "password of the shared role set anew, " + counted(ended->ended, "session") + " opened with the old one ended";
  if (ended->left > 0) outcome.words += ", " + std::to_string(ended->left) + " still there";
  outcome.acknowledged = {request.target.id()};
  if (ended->left == 0) {
    for (model::NodeId& id : ids_of(request.covered, NodeKind::session)) outcome.acknowledged.push_back(std::move(id));
  }
  return outcome;
}

Result<ApplyOutcome> transfer_ownership(const Settings& settings, const ApplyRequest& request, const Until& until) {
  if (!request.heir) return fail(Code::invalid_argument, settings.system.text() + ": transfer_ownership needs an heir's account");
  EXEUNT_TRY_ASSIGN(const HandOver done, hand_over(settings, request.target.key.native_id, request.heir->key.native_id, until));
  ApplyOutcome outcome;
  outcome.calls = static_cast<int>(done.databases);
  outcome.acknowledged = {request.target.id()};
  outcome.words = "ownership handed over in " + counted(outcome.calls, "database");
  if (!done.kept.empty()) {
    outcome.words += "; " + counted(static_cast<int>(done.kept.size()), "SECURITY DEFINER function") +
                     " left with the disabled role until a person has read them:";
    for (const std::string& signature : done.kept) outcome.words += " " + base::escape_terminal(signature, 120);
  }
  return outcome;
}

Result<ApplyOutcome> delete_account(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const int calls, drop_role(settings, request.target.key.native_id, until));
  ApplyOutcome outcome;
  outcome.calls = calls;
  outcome.acknowledged = {request.target.id()};
  outcome.words = calls == 0 ? "the role was dropped already" : "grants of the role dropped in every database, role dropped";
  return outcome;
}

}  // namespace exeunt::connect::postgresql
