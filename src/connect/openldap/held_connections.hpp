// Connections that are bound now, as cn=Connections,cn=Monitor lists them.
#pragma once

#include <string>
#include <vector>

#include "connect/openldap/connection.hpp"
#include "connect/openldap/settings.hpp"
#include "model/vocabulary.hpp"

namespace exeunt::connect::openldap {

struct HeldConnection {
  std::string endpoint;  // "127.0.0.1:41234"; "PATH=…#1018" for a local socket, which has no endpoint of its own
  std::string number;    // slapd's own, never used twice while it runs
  std::string bound_dn;  // the DN that it was bound with: a rename since then does not change it
  std::string started;   // GeneralizedTime
};
struct HeldConnections {
  std::vector<HeldConnection> connections;
  model::Completeness completeness = model::Completeness::none;
  std::string reason;  // why it is not full
};

/// Connections bound as one of `dns`. Full only when the same listing shows our own connection too: an access rule that hides cn=Monitor
/// answers like a server without connections.
[[nodiscard]] base::Result<HeldConnections> list_held_connections(Connection& ours, const Settings& settings,
                                                                  const std::vector<std::string>& dns);
/// "IP=[::1]:389" -> "[::1]:389"
[[nodiscard]] std::string endpoint_of(const std::string& peer_address, const std::string& number);

}  // namespace exeunt::connect::openldap
