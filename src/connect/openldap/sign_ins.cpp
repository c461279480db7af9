// Connector::sign_ins of OpenLDAP: slapd keeps no log that can be asked, but with `lastbind` the instant of each entry's last successful bind.
#include "connect/sign_ins.hpp"

#include <algorithm>

#include "connect/answers.hpp"
#include "connect/openldap/account_names.hpp"
#include "connect/openldap/directory_entry.hpp"
#include "connect/openldap/held_connections.hpp"
#include "connect/openldap/openldap.hpp"

namespace exeunt::connect::openldap {

using model::Completeness;

namespace {

constexpr const char* k_last = "pwdLastSuccess";
constexpr base::Duration k_step{1'000};  // GeneralizedTime as slapd writes it
constexpr base::Duration k_at_once{5'000};

/// The server's clock: our own connection is in its table, by when it began. nullopt: that table is not ours to read.
base::Result<std::optional<base::Time>> began(Connection& ours, const Settings& settings) {
  EXEUNT_TRY_ASSIGN(const HeldConnections held, list_held_connections(ours, settings, {settings.bind_dn}));
  std::optional<base::Time> newest;
  for (const HeldConnection& each : held.connections)
    if (const auto at = time_of(each.started)) newest = std::max(newest.value_or(*at), *at);
  return newest;
}

}  // namespace

base::Result<SignInListing> OpenLdap::sign_ins(const SignInRequest& request) {
  SignInListing out;
  const base::Time asked = clock_.now();
  EXEUNT_TRY_ASSIGN(Connection ours, open(request.deadline.timeout));
  EXEUNT_TRY_ASSIGN(const auto theirs, began(ours, settings_));
  if (!theirs) {
    limit_to(out, Completeness::none, "the server's clock is not known: let our bind DN read cn=Connections,cn=Monitor");
    return out;
  }
  set_clock(out, asked, clock_.now(), *theirs, k_step);
  // Our own bind is one of those that the directory keeps, where it keeps any.
  EXEUNT_TRY_ASSIGN(const auto own, read_dn(ours, settings_.bind_dn, {k_last}));
  const auto bound = own ? time_of(own->first(k_last)) : std::nullopt;
  if (!bound) {
    limit_to(out, Completeness::none,
             "the directory does not keep when our own entry was bound last: set `lastbind on`, and let our bind DN read pwdLastSuccess");
    return out;
  }
  out.completeness = Completeness::lower_bound;
  out.reason = "of each account only its last successful bind is kept";
  if (*bound + k_at_once < *theirs)
    out.reason += ", and not every one: our own is kept as " + base::to_rfc3339(*bound) + " (lastbind-precision)";
  for (const model::Node& account : request.accounts) {
    EXEUNT_TRY_ASSIGN(const auto entry, find_entry(ours, settings_, account.key.native_id, {k_last}));
    const auto last = entry ? time_of(entry->first(k_last)) : std::nullopt;
    if (last) out.sign_ins.push_back({account.key, account.id(), *last, "", "last successful bind"});
  }
  trim(out, request);
  return out;
}

}  // namespace exeunt::connect::openldap
