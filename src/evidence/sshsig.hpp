// Signatures over files as `ssh-keygen -Y sign` makes them (OpenSSH, PROTOCOL.sshsig). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "evidence/ssh_key.hpp"

namespace exeunt::evidence {

struct SshSignature {
  SshKey key;              // that it says it is by; whose key that is, allowed_signers says
  std::string name_space;  // what for, so that a signature for one purpose is none for another
  std::string hash;        // "sha256" or "sha512"
  base::Bytes signature;   // string algorithm, string bytes
};

/// The armored file: BEGIN and END lines, base64 between them, nothing before or after. At most 32,768 bytes. No signature is checked.
/// invalid_argument: anything else; unimplemented, in words: another version, hash or type of key.
[[nodiscard]] base::Result<SshSignature> read_sshsig(std::string_view armored);
/// The same bytes as ssh-keygen writes (lines of 70 characters).
[[nodiscard]] std::string to_text(const SshSignature& signature);

/// That the key of the signature signed `message` for `name_space`, which is not empty. data_loss: it did not.
[[nodiscard]] base::Status verify_sshsig(const SshSignature& signature, std::string_view message, std::string_view name_space);

}  // namespace exeunt::evidence
