// libssh behind one small type: connect to a pinned host, nothing read from anybody's ~/.ssh. Only host.cpp and query.cpp come here.
#pragma once

#include <libssh/libssh.h>

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "connect/openssh/settings.hpp"

namespace exeunt::connect {

struct SshSessionClose {
  void operator()(ssh_session session) const;
};
using SshSession = std::unique_ptr<ssh_session_struct, SshSessionClose>;
struct SshKeyFree {
  void operator()(ssh_key key) const { ssh_key_free(key); }
};
using SshKey = std::unique_ptr<ssh_key_struct, SshKeyFree>;

/// Connected, key exchange done, host key equal to the pinned one. unavailable: no connection; permission_denied: the host key is not
/// the pinned one (never accepted, never learned); failed_precondition: no key is pinned for this host.
[[nodiscard]] base::Result<SshSession> connect_pinned(const OpenSshSettings& settings, base::Duration timeout);
void set_timeout(ssh_session session, base::Duration timeout);
[[nodiscard]] std::string session_error(ssh_session session);  // escaped for a message

}  // namespace exeunt::connect
