// How a connection comes to be: TCP, TLS with the name verified, bind; and the watch over its deadline.
#include <lber.h>
#include <ldap.h>
#include <sys/time.h>

#include <utility>

#include "connect/openldap/certificate.hpp"
#include "connect/openldap/connection.hpp"
#include "connect/openldap/watchdog.hpp"

namespace exeunt::connect::openldap {

using base::Code;

struct Connection::Watch {
  ldap_conncb callbacks;
  const base::Clock& clock;
  base::Duration timeout;
  std::unique_ptr<Watchdog> watchdog;

  /// libldap calls it between TCP and TLS. From here on the watchdog bounds every wait, so the socket may block again: left as it is, the
  /// TLS handshake would spin on it.
  static int connected(LDAP* handle, Sockbuf* socket, LDAPURLDesc*, struct sockaddr*, struct ldap_conncb* callbacks) {
    auto* watch = static_cast<Watch*>(callbacks->lc_arg);
    int descriptor = -1;
    ber_sockbuf_ctrl(socket, LBER_SB_OPT_GET_FD, &descriptor);
    ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, nullptr);
    watch->watchdog = std::make_unique<Watchdog>(watch->clock, descriptor, watch->timeout);
    return LDAP_SUCCESS;
  }
  static void closed(LDAP*, Sockbuf*, struct ldap_conncb*) {}
};

void Connection::WatchFree::operator()(Watch* watch) const { delete watch; }

base::Result<Connection> Connection::prepare(const Settings& settings, const base::Clock& clock, base::Duration timeout) {
  LDAP* raw = nullptr;
  if (const int code = ldap_initialize(&raw, settings.url.c_str()); code != LDAP_SUCCESS) {
    return base::fail(Code::invalid_argument, settings.system.text() + ": url: " + ldap_err2string(code), "write ldaps://HOST:PORT");
  }
  Connection connection(raw, settings.system.text(), Allowance(clock, timeout));
  const int version = LDAP_VERSION3, none = 0, never = LDAP_DEREF_NEVER;
  const timeval limit{timeout.count() / 1000, (timeout.count() % 1000) * 1000};
  // Set one by one: /etc/ldap/ldap.conf and LDAP* variables of the environment would speak otherwise.
  ldap_set_option(raw, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(raw, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(raw, LDAP_OPT_DEREF, &never);
  ldap_set_option(raw, LDAP_OPT_SIZELIMIT, &none);
  ldap_set_option(raw, LDAP_OPT_TIMELIMIT, &none);
  ldap_set_option(raw, LDAP_OPT_NETWORK_TIMEOUT, &limit);
  ldap_set_option(raw, LDAP_OPT_TIMEOUT, &limit);
  connection.watch_.reset(new Watch{{Watch::connected, Watch::closed, nullptr}, clock, timeout, nullptr});
  connection.watch_->callbacks.lc_arg = connection.watch_.get();
  ldap_set_option(raw, LDAP_OPT_CONNECT_CB, &connection.watch_->callbacks);
  return connection;
}

base::Result<Connection> Connection::open(const Settings& settings, const base::Clock& clock, base::Duration timeout) {
  EXEUNT_TRY_ASSIGN(Connection connection, prepare(settings, clock, timeout));
  EXEUNT_TRY_ASSIGN(const int code, connection.begin(settings, LDAP_OPT_X_TLS_DEMAND));
  if (code == LDAP_SUCCESS) return connection;
  base::Error error = connection.local_error(code, Code::unavailable, "connect to " + settings.url);
  const bool bitten = connection.watch_->watchdog != nullptr && connection.watch_->watchdog->has_bitten();
  if (!settings.insecure_loopback && !bitten) {
    const std::string advice = look_at_certificate(settings, clock, connection.allowance_.left());
    if (!advice.empty()) error.next = advice;
  }
  return base::fail(std::move(error));
}

base::Result<int> Connection::begin(const Settings& settings, int require) {
  LDAP* handle = handle_.get();
  if (!settings.insecure_loopback) {
    const int client = 0, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, settings.ca_file.c_str());
    ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &require);
    ldap_set_option(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least);
    if (ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_OPT_SUCCESS) {
      return base::fail(Code::invalid_argument, subject_ + ": ca_file " + settings.ca_file + " cannot be used for TLS",
                        "let it hold the certificate authority of the server as PEM, readable to us");
    }
  }
  int code = ldap_connect(handle);
  if (code == LDAP_SUCCESS && settings.start_tls) code = ldap_start_tls_s(handle, nullptr, nullptr);
  return code;
}

std::string Connection::look_at_certificate(const Settings& settings, const base::Clock& clock, base::Duration timeout) {
  // A connection of its own that trusts anything, says nothing and is dropped here.
  auto look = prepare(settings, clock, timeout);
  if (!look || look->begin(settings, LDAP_OPT_X_TLS_NEVER) != LDAP_SUCCESS) return {};
  berval der{0, nullptr};
  if (ldap_get_option(look->handle_.get(), LDAP_OPT_X_TLS_PEERCERT, &der) != LDAP_OPT_SUCCESS || der.bv_val == nullptr) return {};
  const auto advice = certificate_advice({reinterpret_cast<const std::uint8_t*>(der.bv_val), der.bv_len}, settings.host, settings.ca_file);
  ldap_memfree(der.bv_val);
  return advice;
}

base::Result<Connection> Connection::open_bound(const Settings& settings, const base::Clock& clock, base::Duration timeout) {
  EXEUNT_TRY_ASSIGN(Connection connection, open(settings, clock, timeout));
  EXEUNT_TRY_ASSIGN(const Reply reply, connection.bind(settings.bind_dn, settings.credential));
  if (reply.code == LDAP_SUCCESS) return connection;
  base::Error error = server_error(connection.subject_, "bind as " + settings.bind_dn, reply.code, reply.diagnostic);
  if (reply.code == LDAP_INVALID_CREDENTIALS || reply.code == LDAP_INAPPROPRIATE_AUTH) error.code = Code::permission_denied;
  error.next = "check bind_dn and credential in exeunt.yaml, then run `exeunt systems check`";
  return base::fail(std::move(error));
}

}  // namespace exeunt::connect::openldap
