// SSH public keys as whoever checks a signature needs them: RFC 8709 (Ed25519), RFC 5656 (ECDSA), RFC 8332 (RSA with SHA-2). Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace exeunt::evidence {

/// Two keys are one exactly when their bytes are: nothing but the one encoding of a key is read.
struct SshKey {
  std::string type;  // "ssh-ed25519", "ecdsa-sha2-nistp256" (384, 521), "ssh-rsa"
  base::Bytes blob;  // RFC 4253 §6.6
  bool operator==(const SshKey&) const = default;
  [[nodiscard]] std::string fingerprint() const;  // "SHA256:…" as ssh-keygen -l prints it
};

/// invalid_argument: not exactly one key. unimplemented, in words: a certificate, a FIDO key (sk-…), DSA, an RSA key that is not 2,048 to
/// 16,384 bits.
[[nodiscard]] base::Result<SshKey> read_ssh_key(std::span<const std::uint8_t> blob);
/// From the two words of a public key's line, "ssh-ed25519" and base64, which must agree.
[[nodiscard]] base::Result<SshKey> read_ssh_key(std::string_view type, std::string_view base64);

/// `signature` is the key's own format: string algorithm, string bytes. RSA signs with rsa-sha2-256 or rsa-sha2-512, never with SHA-1. data_loss: not by
/// this key over these bytes, or not a signature.
[[nodiscard]] base::Status verify_ssh_signature(const SshKey& key, std::span<const std::uint8_t> signature, std::string_view bytes);

}  // namespace exeunt::evidence
