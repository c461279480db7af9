// Who may sign what, as ssh-keygen reads it (ssh-keygen(1), ALLOWED SIGNERS): principals, options, a key. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "evidence/ssh_key.hpp"
#include "evidence/sshsig.hpp"

namespace exeunt::evidence {

struct AllowedSigner {
  std::string principals;                 // a pattern list: "p17,*@example.org,!guest@example.org"
  std::optional<std::string> namespaces;  // a pattern list; nothing: every one
  std::optional<base::Time> valid_after;  // both inclusive, to the second
  std::optional<base::Time> valid_before;
  SshKey key;
};

/// One line; nothing for an empty line or a comment. invalid_argument: it is no such line. unimplemented, in words: `cert-authority`, a key of a type
/// that is not read, a time without `Z` (ssh-keygen takes it in the zone of the machine that checks, and so every machine differently).
[[nodiscard]] base::Result<std::optional<AllowedSigner>> read_allowed_signer(std::string_view line);
/// A whole file of at most 10,000 such lines. The first line that is refused refuses it, by its number: ssh-keygen would pass over it, and
/// nobody would learn that somebody's key does not count.
[[nodiscard]] base::Result<std::vector<AllowedSigner>> read_allowed_signers(std::string_view text);

/// OpenSSH's pattern lists (ssh_config(5), PATTERNS): comma-separated, `*` and `?`, a `!` pattern that matches refuses whatever else does.
[[nodiscard]] bool matches_pattern_list(std::string_view text, std::string_view patterns);

/// As `ssh-keygen -Y verify -I principal -n name_space` does at the time `at`. permission_denied: no line lets that key sign for the principal, the
/// namespace or the time, and which it is; data_loss: the signature is not over the message.
[[nodiscard]] base::Status verify_signed_by(std::span<const AllowedSigner> signers, std::string_view principal, std::string_view name_space,
                                            base::Time at, std::string_view message, const SshSignature& signature);

}  // namespace exeunt::evidence
