// The management channel: one authenticated SSH connection of the engine's own key to one host, which runs our fixed small programs there.
// Come here when login, host key or a lost answer behaves oddly; connect/openssh/programs.hpp holds what is run.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connect/connector.hpp"
#include "connect/openssh/settings.hpp"

namespace exeunt::connect {

/// What a program may do on the host: decides what a lost answer is called.
enum class Effect { reads = 1, writes = 2 };

struct HostAnswer {
  int exit_code = 0;
  std::string out;
  std::string error;
};

class Host {
 public:
  Host(const OpenSshSettings& settings, const base::Clock& clock);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Runs `program` (POSIX sh) with positional parameters and bytes on its stdin. One at a time; logs in when needed. The connection is
  /// kept between calls and made anew when it broke before a request went out.
  /// unavailable: no connection, unknown or changed host key's host unreachable; permission_denied: host key not the pinned one, or our key
  /// refused; outcome_unknown: the answer to a writing program was lost (reading: unavailable); resource_exhausted: more output than 64 MiB.
  [[nodiscard]] base::Result<HostAnswer> run(std::string_view program, const std::vector<std::string>& arguments, std::string_view input,
                                             Effect effect, const Deadline& deadline);
  /// Version that the server announced at the last login ("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10").
  [[nodiscard]] std::string banner();
  /// Public half of the engine's own key, "ssh-ed25519 AAAA…"; reads the key file, does not connect.
  [[nodiscard]] base::Result<std::string> own_public_line() const;

 private:
  struct Connection;
  [[nodiscard]] base::Status log_in(base::Duration until);
  const OpenSshSettings& settings_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
  base::Duration used_at_{0};
  std::string banner_;
};

/// The server's answer to an RFC 4252 §7 query ("would you take this public key or certificate for that login?"). No signature is made, no
/// private half exists here. One connection a try, so that exactly one credential is asked for.
enum class QueryAnswer { taken = 1, refused = 2 };
/// unavailable: no connection, wrong host key, or no answer to the query itself (then nothing is known).
[[nodiscard]] base::Result<QueryAnswer> query_public_half(const OpenSshSettings& settings, const std::string& login,
                                                          std::string_view public_line, const Deadline& deadline, const base::Clock& clock);

}  // namespace exeunt::connect
