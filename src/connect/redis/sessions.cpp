#include "connect/redis/sessions.hpp"

#include "connect/answers.hpp"
#include "connect/redis/acl.hpp"

namespace exeunt::connect::redis {

using base::Result;

namespace {
constexpr int k_rounds_max = 20;
}

model::Node session_node(const model::SystemId& system, const Client& client, const std::string& run_id) {
  const std::string what = client.what();
  model::Node node;
  node.key = {system, model::NodeKind::session, native_id_of(client.endpoint)};
  node.label = client.endpoint + (client.name.empty() ? "" : ", " + client.name) + (what.empty() ? "" : ", " + what);
  node.facts = {{"client_id", std::to_string(client.id)}, {"run_id", run_id}, {"user", native_id_of(client.user)}, {"kind", what}};
  return node;
}

std::vector<Client> Sessions::of_user(const std::string& user) const {
  std::vector<Client> out;
  for (const Client& client : all) {
    if (client.user == user) out.push_back(client);
  }
  return out;
}

Result<Sessions> list_sessions(Connection& connection, const Until& until) {
  EXEUNT_TRY_ASSIGN(const std::vector<Reply> answers,
                    connection.read_at_once({{"CLIENT", "LIST"}, {"INFO", "clients"}, {"INFO", "replication"}, {"INFO", "server"}}, until));
  Sessions sessions;
  sessions.run_id = info_value(answers[3].text, "run_id");
  ClientListing listing = parse_client_list(answers[0].text);
  const auto clients = info_number(answers[1].text, "connected_clients");
  const auto replicas = info_number(answers[2].text, "connected_slaves");
  const std::size_t lines = listing.clients.size() + static_cast<std::size_t>(listing.broken);
  if (listing.broken > 0) sessions.cut = "a line of CLIENT LIST is not understood";
  // INFO counts replicas apart from other connections; the list holds both.
  if (!clients || !replicas || static_cast<std::int64_t>(lines) != *clients + *replicas) {
    sessions.cut = "CLIENT LIST shows " + std::to_string(lines) + " connections and the server counts others";
  }
  if (sessions.run_id.empty()) sessions.cut = "the server does not say its run id";
  for (Client& client : listing.clients) {
    if (!client.is_master_link()) sessions.all.push_back(std::move(client));
  }
  return sessions;
}

Result<Watermark> watermark(const Settings& settings, const Until& until) {
  EXEUNT_TRY_ASSIGN(const auto connection, open_own(settings, until));
  EXEUNT_TRY_ASSIGN(const Reply info, connection->read({"INFO", "server"}, until));
  EXEUNT_TRY_ASSIGN(const Reply id, connection->read({"CLIENT", "ID"}, until));
  return Watermark{info_value(info.text, "run_id"), id.number};
}

Result<EndedSessions> end_chosen(Connection& connection, const Chosen& chosen, const Until& until) {
  EndedSessions result;
  int rounds_without = 0;
  for (int round = 0; round < k_rounds_max && rounds_without < 2; ++round) {
    auto listed = list_sessions(connection, until);
    if (!listed) return base::fail(result.calls > 0 ? after_an_effect(listed.error()) : listed.error());
    Sessions& sessions = *listed;
    result.left.clear();
    std::vector<Words> commands;
    for (Client& client : sessions.all) {
      if (!chosen(client, sessions.run_id)) continue;
      // All filters must fit: an id that came to somebody else after a restart in between ends nobody.
      commands.push_back({"CLIENT", "KILL", "ID", std::to_string(client.id), "ADDR", client.endpoint, "USER", client.user});
      result.left.push_back(std::move(client));
    }
    rounds_without = commands.empty() ? rounds_without + 1 : 0;
    if (commands.empty()) continue;
    EXEUNT_TRY_ASSIGN(const std::vector<Reply> replies, connection.run_all(Kind::change, commands, until));
    ++result.calls;
    for (const Reply& reply : replies) {
      // "No such user": it was deleted meanwhile, which ends its connections.
      if (reply.is_error() && reply.text.find("No such user") == std::string::npos) return base::fail(connection.refusal(reply));
      result.ended += reply.number > 0 ? 1 : 0;
    }
  }
  return result;
}

}  // namespace exeunt::connect::redis
