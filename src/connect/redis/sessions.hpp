// Open connections of one user: listed whole or said not to be, ended one by one by their immutable id.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connect/redis/client_list.hpp"
#include "connect/redis/wire.hpp"
#include "model/node.hpp"

namespace exeunt::connect::redis {

/// Where connection ids count from: a restarted server has another run id and begins at 1 again.
struct Watermark {
  std::string run_id;
  std::int64_t client_id = 0;  // every connection before it is older
};

struct Sessions {
  std::string run_id;
  std::vector<Client> all;  // of everybody, but for the link to a master
  std::string cut;          // why the listing may not be whole; empty: whole
  [[nodiscard]] std::vector<Client> of_user(const std::string& user) const;
};
/// As an inventory lists it.
[[nodiscard]] model::Node session_node(const model::SystemId& system, const Client& client, const std::string& run_id);
/// The list, the server's own count of connections and its run id, all of one instant.
[[nodiscard]] base::Result<Sessions> list_sessions(Connection& connection, const Until& until);
/// An id that every connection made from now on is above.
[[nodiscard]] base::Result<Watermark> watermark(const Settings& settings, const Until& until);

struct EndedSessions {
  int ended = 0;
  std::vector<Client> left;
  int calls = 0;
};
/// Which connections are to end, of a server with this run id.
using Chosen = std::function<bool(const Client& client, const std::string& run_id)>;
/// Ends them one by one until two listings in a row show none.
[[nodiscard]] base::Result<EndedSessions> end_chosen(Connection& connection, const Chosen& chosen, const Until& until);

}  // namespace exeunt::connect::redis
