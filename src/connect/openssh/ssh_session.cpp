#include "connect/openssh/ssh_session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.hpp"

namespace exeunt::connect {
namespace {

using base::Code;
using base::fail;

std::string place(const OpenSshSettings& settings) {
  return fmt::format("{} ({}:{})", settings.system.text(), settings.host, settings.port);
}

base::Status set_options(ssh_session session, const OpenSshSettings& settings) {
  const int off = 0;
  const int on = 1;
  const unsigned port = static_cast<unsigned>(settings.port);
  const bool good = ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &off) == SSH_OK &&
                    ssh_options_set(session, SSH_OPTIONS_HOST, settings.host.c_str()) == SSH_OK &&
                    ssh_options_set(session, SSH_OPTIONS_PORT, &port) == SSH_OK &&
                    ssh_options_set(session, SSH_OPTIONS_USER, settings.manage_as.c_str()) == SSH_OK &&
                    ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, settings.known_hosts.c_str()) == SSH_OK &&
                    ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") == SSH_OK &&
                    ssh_options_set(session, SSH_OPTIONS_STRICTHOSTKEYCHECK, &on) == SSH_OK &&
                    ssh_options_set(session, SSH_OPTIONS_NODELAY, &on) == SSH_OK;
  if (!good)
    return fail(Code::invalid_argument, place(settings) + ": libssh took a setting amiss: " + session_error(session),
                "mend host, port and known_hosts");
  return {};
}

base::Status check_host_key(ssh_session session, const OpenSshSettings& settings) {
  switch (ssh_session_is_known_server(session)) {
    case SSH_KNOWN_HOSTS_OK: return {};
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER:
      return fail(Code::permission_denied,
                  place(settings) + ": the host key is not the one in " + settings.known_hosts + "; nothing was sent to it",
                  "find out whether the host was rebuilt or somebody stands between; only then replace its line in known_hosts");
    case SSH_KNOWN_HOSTS_UNKNOWN:
    case SSH_KNOWN_HOSTS_NOT_FOUND:
      return fail(Code::failed_precondition,
                  place(settings) + ": no host key is pinned in " + settings.known_hosts + "; nothing was sent to it",
                  "take the host's public key from its console and add it to known_hosts");
    case SSH_KNOWN_HOSTS_ERROR: break;
  }
  return fail(Code::unavailable, place(settings) + ": the host key could not be checked: " + session_error(session),
              "check that known_hosts is readable");
}

}  // namespace

void SshSessionClose::operator()(ssh_session session) const {
  ssh_disconnect(session);
  ssh_free(session);
}

std::string session_error(ssh_session session) { return base::escape_terminal(ssh_get_error(session), 200); }

void set_timeout(ssh_session session, base::Duration timeout) {
  const auto milliseconds = std::clamp<base::Duration::rep>(timeout.count(), 1, 3'600'000);
  const long seconds = static_cast<long>(milliseconds / 1000);
  const long microseconds = static_cast<long>(milliseconds % 1000) * 1000;
  ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &seconds);
  ssh_options_set(session, SSH_OPTIONS_TIMEOUT_USEC, &microseconds);
}

base::Result<SshSession> connect_pinned(const OpenSshSettings& settings, base::Duration timeout) {
  SshSession session(ssh_new());
  if (!session) return fail(Code::internal, "libssh gave no session");
  EXEUNT_TRY(set_options(session.get(), settings));
  set_timeout(session.get(), timeout);
  if (ssh_connect(session.get()) != SSH_OK) {
    return fail(Code::unavailable, place(settings) + ": no SSH connection: " + session_error(session.get()),
                "check that the host is up and sshd listens there");
  }
  EXEUNT_TRY(check_host_key(session.get(), settings));
  return session;
}

}  // namespace exeunt::connect
