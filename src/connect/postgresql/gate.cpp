#include "connect/postgresql/gate.hpp"

#include <optional>

#include "base/escape.hpp"
#include "connect/postgresql/roles.hpp"

namespace exeunt::connect::postgresql {

using model::ProbeAnswer;
using model::ProbeMeans;

namespace {

// The function of the server that looks the role up; pg_hba refusals (also 28000) come from ClientAuthentication.
constexpr std::string_view k_role_check = "InitializeSessionUserId";

ProbeResult result(ProbeAnswer answer, ProbeMeans means, std::string reason, std::string words) {
  return {answer, means, std::move(reason), std::move(words)};
}
ProbeResult gate_result(ProbeAnswer answer, std::string reason, std::string words) {
  return result(answer, ProbeMeans::gate, std::move(reason), std::move(words));
}

bool gate_let_in(const LoginAnswer& answer) { return answer.end == LoginEnd::server_refused && answer.state == "3D000"; }
bool role_was_refused(const LoginAnswer& answer) {
  return answer.end == LoginEnd::server_refused && answer.state == "28000" && answer.place == k_role_check;
}

std::string why_unknown(const LoginAnswer& answer) {
  if (answer.end == LoginEnd::no_answer) return "no answer of the server: " + answer.words;
  if (answer.state.starts_with("28")) {
    return "the login gate is shut or asks for a password (its pg_hba trust line is absent or not for this address): " + answer.words;
  }
  return "neither a yes nor a no: " + answer.words;
}

struct Lookup {
  bool known = false;
  std::optional<Role> role;
  std::string words;
};
Lookup look_up(const Settings& settings, const std::string& oid, const Until& until) {
  Lookup lookup;
  auto connection = open_own(settings, settings.maintenance_database, until);
  if (!connection) {
    lookup.words = connection.error().text();
    return lookup;
  }
  auto role = role_by_oid(**connection, oid, until);
  if (!role) {
    lookup.words = role.error().text();
    return lookup;
  }
  lookup.known = true;
  lookup.role = std::move(*role);
  return lookup;
}

ProbeResult unknown_without_listing(const Lookup& lookup) {
  return gate_result(ProbeAnswer::unknown, "not looked up", "the role's present name is not known: " + lookup.words);
}

LoginAnswer try_gate(const Settings& settings, const std::string& role, const Until& until) {
  return log_in(settings, {role, nullptr, settings.login_gate_database}, until);
}

ProbeResult gate_of_dropped_role(const Settings& settings, const std::string& oid, const std::string& last_name, const Until& until) {
  if (last_name.empty()) {
    return gate_result(ProbeAnswer::unknown, "no such role", "no role has OID " + oid + " and its last name is not known");
  }
  const LoginAnswer answer = try_gate(settings, last_name, until);
  if (answer.end == LoginEnd::open || gate_let_in(answer)) {
    return gate_result(ProbeAnswer::admitted, answer.state, "the role was dropped, but another role of the same name may log in");
  }
  if (role_was_refused(answer)) {
    return gate_result(ProbeAnswer::refused, "28000+dropped",
                       "no role has the OID any more, and its last name is refused: " + answer.words);
  }
  return gate_result(ProbeAnswer::unknown, answer.state, why_unknown(answer));
}

}  // namespace

ProbeResult probe_gate(const Settings& settings, const std::string& oid, const std::string& last_name, const Until& until) {
  if (settings.login_gate_database.empty()) {
    return gate_result(ProbeAnswer::unknown, "no gate", "no login_gate_database is configured");
  }
  const Lookup before = look_up(settings, oid, until);
  if (!before.known) return unknown_without_listing(before);
  if (!before.role) return gate_of_dropped_role(settings, oid, last_name, until);
  const LoginAnswer answer = try_gate(settings, before.role->name, until);
  if (answer.end == LoginEnd::open) {
    return gate_result(ProbeAnswer::admitted, "open",
                       "the login gate's database exists and lets everybody in: drop it or its pg_hba line now");
  }
  if (gate_let_in(answer)) return gate_result(ProbeAnswer::admitted, "3D000", "the login gate takes the role: " + answer.words);
  if (!role_was_refused(answer)) return gate_result(ProbeAnswer::unknown, answer.state, why_unknown(answer));
  // "not permitted" and "does not exist" are both 28000 of the same function and differ only in translated words. A role that was there
  // under that name on both sides of the try was not refused for being nonexistent.
  const Lookup after = look_up(settings, oid, until);
  if (!after.known) return unknown_without_listing(after);
  if (!after.role || after.role->name != before.role->name) {
    return gate_result(ProbeAnswer::unknown, "28000", "the role was renamed or dropped during the try: try again");
  }
  if (after.role->login) return gate_result(ProbeAnswer::unknown, "28000", "refused, but pg_roles says LOGIN: somebody sets it again");
  return gate_result(ProbeAnswer::refused, "28000", "the login gate refuses the role: " + answer.words);
}

ProbeResult probe_gate_control(const Settings& settings, const Until& until) {
  const LoginAnswer answer = try_gate(settings, settings.control_role, until);
  if (gate_let_in(answer)) return gate_result(ProbeAnswer::admitted, "3D000", "the login gate takes the control role");
  if (role_was_refused(answer)) return gate_result(ProbeAnswer::refused, "28000", "the control role is refused: " + answer.words);
  if (answer.end == LoginEnd::open) {
    return gate_result(ProbeAnswer::unknown, "open", "the login gate's database exists: it is no gate any more");
  }
  return gate_result(ProbeAnswer::unknown, answer.state, why_unknown(answer));
}

PasswordAnswer try_password(const Settings& settings, const std::string& role, const base::Secret& value, const Until& until,
                            std::string& words) {
  const LoginAnswer answer = log_in(settings, {role, &value, settings.maintenance_database}, until);
  words = answer.words;
  if (answer.end == LoginEnd::open) return PasswordAnswer::taken;
  if (answer.end == LoginEnd::no_answer) return PasswordAnswer::unknown;
  if (answer.state == "28P01") return PasswordAnswer::refused;
  // CONNECT is checked after the password was taken.
  if (answer.state == "42501" || answer.state == "3D000") return PasswordAnswer::taken;
  return PasswordAnswer::unknown;
}

ProbeResult probe_shared_password(const Settings& settings, const std::string& oid, const base::Secret* old_value,
                                  const base::Secret* new_value, const Until& until) {
  const Lookup lookup = look_up(settings, oid, until);
  if (!lookup.known) {
    return own_answer(ProbeAnswer::unknown, "not looked up", "the shared role's name is not known: " + lookup.words);
  }
  if (!lookup.role) return own_answer(ProbeAnswer::unknown, "no such role", "no role has OID " + oid);
  return probe_old_and_new(old_value, new_value, "28P01", [&](const base::Secret& value, std::string& words) {
    return try_password(settings, lookup.role->name, value, until, words);
  });
}

ProbeResult probe_password_control(const Settings& settings, const Until& until) {
  auto connection = open_own(settings, settings.maintenance_database, until);
  if (connection) return result(ProbeAnswer::admitted, ProbeMeans::own, "logged in", "our own role logs in with its password from here");
  return result(ProbeAnswer::unknown, ProbeMeans::own, "no login", connection.error().text());
}

}  // namespace exeunt::connect::postgresql
