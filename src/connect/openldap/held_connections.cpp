#include "connect/openldap/held_connections.hpp"

#include <utility>

#include "connect/openldap/directory_entry.hpp"

namespace exeunt::connect::openldap {
namespace {

const std::string k_connections_base = "cn=Connections,cn=Monitor";

SearchRequest bound_as(const std::vector<std::string>& dns) {
  std::string filter = "(|";
  for (const std::string& dn : dns) filter += equals("monitorConnectionAuthzDN", dn);
  return {k_connections_base,
          Scope::one_level,
          filter + ")",
          {"monitorConnectionNumber", "monitorConnectionPeerAddress", "monitorConnectionAuthzDN", "monitorConnectionStartTime"}};
}

}  // namespace

std::string endpoint_of(const std::string& peer_address, const std::string& number) {
  constexpr std::string_view internet = "IP=";
  if (peer_address.compare(0, internet.size(), internet) == 0) return peer_address.substr(internet.size());
  return peer_address + "#" + number;
}

base::Result<HeldConnections> list_held_connections(Connection& ours, const Settings& settings, const std::vector<std::string>& dns) {
  HeldConnections held;
  auto own = ours.search(bound_as({settings.bind_dn}));
  if (!own && own.error().code == base::Code::unavailable) return base::fail(std::move(own).error());
  if (!own || own->entries.empty()) {
    held.reason =
        "cn=Connections,cn=Monitor does not show even our own connection: load back_monitor, and let our bind DN read that subtree";
    return held;
  }
  held.completeness = model::Completeness::full;
  if (dns.empty()) return held;
  EXEUNT_TRY_ASSIGN(const SearchReply reply, ours.search(bound_as(dns)));
  if (reply.cut) {
    held.completeness = model::Completeness::partial;
    held.reason = reply.reason;
  }
  for (const Entry& entry : reply.entries) {
    const std::string number = entry.first("monitorConnectionNumber");
    held.connections.push_back({endpoint_of(entry.first("monitorConnectionPeerAddress"), number), number,
                                entry.first("monitorConnectionAuthzDN"), entry.first("monitorConnectionStartTime")});
  }
  return held;
}

}  // namespace exeunt::connect::openldap
