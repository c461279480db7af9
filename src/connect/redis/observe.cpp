#include "connect/redis/observe.hpp"

#include "connect/answers.hpp"
#include "connect/redis/acl.hpp"
#include "connect/redis/persistence.hpp"

namespace exeunt::connect::redis {

using base::Result;
using model::Grade;
using model::NodeKind;

namespace {

Observation seen(Presence presence, std::string words) { return {presence, Grade::read_back, std::move(words)}; }

Result<Observation> observe_account(const Settings& settings, Connection& connection, const model::Node& target, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::string name, name_of(target.key.native_id));
  EXEUNT_TRY_ASSIGN(const auto user, user_by_name(connection, name, until));
  if (user && user->on) return seen(Presence::present, "listed as on");
  const std::string now = user ? "listed as off" : "no such user";
  const Saved saved = saved_user(settings, name);
  const bool comes_back = saved.seen && saved.user && saved.user->usable();
  return seen(comes_back ? Presence::present : Presence::absent, now + "; " + saved.words);
}

Result<Observation> observe_session(Connection& connection, const model::Node& target, const Until& until) {
  EXEUNT_TRY_ASSIGN(const Sessions sessions, list_sessions(connection, until));
  for (const Client& client : sessions.all) {
    if (!is_session(target, client, sessions.run_id)) continue;
    // Also when it has logged in as somebody else meanwhile: whoever holds it is still inside.
    const bool same_user = native_id_of(client.user) == fact(target, "user");
    return seen(Presence::present, same_user ? "in CLIENT LIST" : "in CLIENT LIST, now as user " + as_text(client.user));
  }
  if (!sessions.cut.empty()) return seen(Presence::unknown, sessions.cut);
  Observation absent = seen(Presence::absent, "no such connection in CLIENT LIST, which is whole");
  absent.listing = model::Completeness::full;
  return absent;
}

}  // namespace

bool is_session(const model::Node& node, const Client& client, const std::string& run_id) {
  if (native_id_of(client.endpoint) != node.key.native_id) return false;
  // An address is used again by another client sooner or later; the id is this connection's own while the server runs.
  return fact(node, "run_id") != run_id || fact(node, "client_id").empty() || fact(node, "client_id") == std::to_string(client.id);
}

Result<Observation> observe_node(const Settings& settings, const model::Node& target, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  if (target.key.kind == NodeKind::account) return observe_account(settings, *connection, target, until);
  if (target.key.kind == NodeKind::session) return observe_session(*connection, target, until);
  return seen(Presence::unknown, "a password cannot be read back");
}

}  // namespace exeunt::connect::redis
