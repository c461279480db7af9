#include "connect/postgresql/restore.hpp"

#include "base/escape.hpp"
#include "connect/answers.hpp"
#include "connect/postgresql/actions.hpp"
#include "connect/postgresql/gate.hpp"
#include "connect/postgresql/role_sql.hpp"
#include "connect/postgresql/roles.hpp"

namespace exeunt::connect::postgresql {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using model::Action;
using model::Node;
using model::NodeKind;

namespace {

// Facts of a before-image.
constexpr const char* k_create_role = "create_role";  // "yes"
constexpr const char* k_valid_until = "valid_until";  // as the server writes it
constexpr const char *k_admin = "admin_option", *k_inherit = "inherit_option",
                     *k_set = "set_option";  // "yes" | "no"; the last two since 16
constexpr int k_options_since = 160'000;

const char* yes_or_no(bool is) { return is ? "yes" : "no"; }

/// Options of a membership; nullopt: there is none. Several grantors' rows are one membership: any of them gives the option.
Result<std::optional<model::Facts>> options_of(Connection& connection, const Pair& pair, const Until& until) {
  const bool options = connection.version() >= k_options_since;
  EXEUNT_TRY_ASSIGN(
      const Rows rows,
      connection.read(std::string("SELECT bool_or(admin_option)") + (options ? ", bool_or(inherit_option), bool_or(set_option)" : "") +
                          " FROM pg_catalog.pg_auth_members WHERE member = $1::oid AND roleid = $2::oid HAVING count(*) > 0",
                      {pair.member, pair.role}, until));
  if (rows.size() == 0) return std::optional<model::Facts>{};
  model::Facts facts{{k_admin, yes_or_no(rows.truth(0, 0))}};
  if (options) {
    facts[k_inherit] = yes_or_no(rows.truth(0, 1));
    facts[k_set] = yes_or_no(rows.truth(0, 2));
  }
  return std::optional(std::move(facts));
}

std::string grant_options(const Node& before, const Connection& connection) {
  std::string out;
  const auto add = [&](const char* option, const char* fact_name) {
    const std::string value = fact(before, fact_name);
    if (!value.empty()) out += (out.empty() ? " WITH " : ", ") + std::string(option) + (value == "yes" ? " TRUE" : " FALSE");
  };
  if (connection.version() < k_options_since) return fact(before, k_admin) == "yes" ? " WITH ADMIN OPTION" : "";
  add("ADMIN", k_admin);
  add("INHERIT", k_inherit);
  add("SET", k_set);
  return out;
}

/// Ok: granted with the options that it had, or it is there.
Status grant(Connection& connection, const Pair& pair, const Node& before, const Until& until) {
  EXEUNT_TRY(connection.change("BEGIN", until));
  EXEUNT_TRY_ASSIGN(
      const std::string statement,
      role_sql(connection, {sql("GRANT "), role(pair.role), sql(" TO "), role(pair.member), sql(grant_options(before, connection))},
               until));
  EXEUNT_TRY(connection.change(statement, until));
  EXEUNT_TRY_ASSIGN(const auto now, options_of(connection, pair, until));
  if (!now) return fail(Code::aborted, connection.subject() + ": a role was renamed during the call; nothing was changed", "repeat");
  return connection.commit(until);
}

bool can_log_in(const Role& role) { return role.login; }

}  // namespace

Result<BeforeImage> image_before(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  BeforeImage out;
  if (request.action == Action::remove_memberships) {
    for (Node node : request.covered) {
      if (node.key.kind != NodeKind::membership) continue;
      EXEUNT_TRY_ASSIGN(const Pair pair, membership_pair(node.key.native_id));
      EXEUNT_TRY_ASSIGN(const auto options, options_of(*connection, pair, until));
      if (!options) continue;
      for (const auto& [name, value] : *options) node.facts[name] = value;
      out.taken.push_back(std::move(node));
    }
    return out;
  }
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(*connection, request.target.key.native_id, until));
  if (!role || !role->login) return out;
  Node account;
  account.key = request.target.key;
  account.label = role->name;
  account.facts[k_create_role] = yes_or_no(role->create_role);
  if (!role->valid_until.empty()) account.facts[k_valid_until] = role->valid_until;
  out.taken.push_back(std::move(account));
  return out;
}

Result<ApplyOutcome> restore_account(const Settings& settings, const ApplyRequest& request, const Until& until) {
  const std::string& oid = request.target.key.native_id;
  const Node* const before = target_as_it_was(request);
  if (before == nullptr || request.new_secret == nullptr || request.new_secret->empty())
    return fail(Code::invalid_argument, settings.system.text() + ": a role is let in again as it was before, by a new password");
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const auto role, role_by_oid(*connection, oid, until));
  if (!role) return fail(Code::not_found, settings.system.text() + ": the role was dropped since", "nothing of it comes back");
  EXEUNT_TRY_ASSIGN(const std::string verifier, connection->scram_verifier(*request.new_secret, oid));
  EXEUNT_TRY_ASSIGN(const std::string password, connection->literal(verifier));
  const std::string until_then = fact(*before, k_valid_until);
  EXEUNT_TRY_ASSIGN(const std::string validity, connection->literal(until_then.empty() ? "infinity" : until_then));
  std::string attributes = " LOGIN PASSWORD " + password + " VALID UNTIL " + validity;
  if (fact(*before, k_create_role) == "yes") attributes += " CREATEROLE";
  EXEUNT_TRY(change_role(*connection, oid, attributes, can_log_in, until));
  ApplyOutcome outcome;
  outcome.calls = 1;
  outcome.acknowledged = {request.target.id()};
  outcome.words =
      "LOGIN set with a new password in one statement" + std::string(fact(*before, k_create_role) == "yes" ? ", CREATEROLE as before" : "");
  return outcome;
}

Result<ApplyOutcome> restore_memberships(const Settings& settings, const ApplyRequest& request, const Until& until) {
  ApplyOutcome outcome;
  for (const Node& node : request.covered) {
    EXEUNT_TRY_ASSIGN(const Pair pair, membership_pair(node.key.native_id));
    if (pair.member != request.target.key.native_id)
      return fail(Code::invalid_argument,
                  settings.system.text() + ": " + base::escape_terminal(node.key.native_id, 60) + " is no membership of this role");
    EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
    if (auto granted = grant(*connection, pair, node, until); !granted)
      return fail(outcome.calls > 0 ? after_an_effect(granted.error()) : granted.error());
    ++outcome.calls;
    outcome.acknowledged.push_back(node.id());
  }
  outcome.words = counted(outcome.calls, "membership") + " given back";
  return outcome;
}

namespace {

Result<RestoreLook> look_at_account(const Settings& settings, const ApplyRequest& request, const Role& role, const Until& until) {
  RestoreLook out;
  out.old_way = Presence::absent;
  out.words = "NOLOGIN";
  if (!role.login) return out;
  const Node* const before = target_as_it_was(request);
  const bool creates = before == nullptr || fact(*before, k_create_role) != "yes" || role.create_role;
  if (creates) out.there.push_back(request.target.id());
  out.words = creates ? "LOGIN" : "LOGIN, without the CREATEROLE that it had";
  if (request.new_secret == nullptr) return out;
  // A role has one password: where this one is taken, no other is.
  std::string words;
  switch (try_password(settings, role.name, *request.new_secret, until, words)) {
    case PasswordAnswer::taken: out.words += "; the new password is let in, and a role has one"; break;
    case PasswordAnswer::refused:
      out.old_way = Presence::present;
      out.words += "; the new password is not the role's: whatever is, opens it";
      break;
    case PasswordAnswer::unknown:
      out.old_way = Presence::unknown;
      out.words +=
          "; the new password could not be tried from here (let the role in by password from Exeunt's address in pg_hba.conf): " + words;
      break;
  }
  return out;
}

}  // namespace

Result<RestoreLook> look_restored(const Settings& settings, const ApplyRequest& request, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, settings.maintenance_database, until));
  EXEUNT_TRY_ASSIGN(const auto member, role_by_oid(*connection, request.target.key.native_id, until));
  RestoreLook out;
  if (!member) {
    for (const Node& node : request.covered) out.gone.push_back(node.id());
    out.words = "the role was dropped";
    return out;
  }
  if (request.action == Action::restore_account) return look_at_account(settings, request, *member, until);
  for (const Node& node : request.covered) {
    EXEUNT_TRY_ASSIGN(const Pair pair, membership_pair(node.key.native_id));
    EXEUNT_TRY_ASSIGN(const auto of, role_by_oid(*connection, pair.role, until));
    EXEUNT_TRY_ASSIGN(const auto options, options_of(*connection, pair, until));
    if (!of)
      out.gone.push_back(node.id());
    else if (options)
      out.there.push_back(node.id());
  }
  out.words = std::to_string(out.there.size()) + " of " + counted(request.covered.size(), "membership") + " are there";
  return out;
}

}  // namespace exeunt::connect::postgresql
