// SSH public keys and user certificates as bytes (RFC 4253 §6.6, OpenSSH PROTOCOL.certkeys): parsed without trusting a letter of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace exeunt::connect {

/// A public key in its canonical encoding: one key has one fingerprint, however somebody encoded it (OpenSSH takes an RSA number with
/// leading zeros; its raw bytes would hash to another fingerprint than the one that the server logs).
struct PublicKey {
  std::string type;         // "ssh-ed25519", never a certificate type
  std::string blob;         // canonical wire bytes
  std::string fingerprint;  // "SHA256:…" as ssh-keygen -l prints it
  [[nodiscard]] std::string base64() const;
  [[nodiscard]] std::string line() const;  // "ssh-ed25519 AAAA…"
};

struct Certificate {
  std::string type;  // "ssh-ed25519-cert-v01@openssh.com"
  std::string blob;
  PublicKey key;  // the key that it certifies
  std::uint64_t serial = 0;
  bool for_login = false;  // a user certificate; false: a host's
  std::string key_id;      // hostile
  std::vector<std::string> principals;
  std::uint64_t valid_after = 0;   // seconds since 1970
  std::uint64_t valid_before = 0;  // UINT64_MAX: for ever
  std::string authority;           // fingerprint of the CA key that signed it
  [[nodiscard]] bool valid_at(base::Time now) const;
  [[nodiscard]] std::string line() const;
};

/// invalid_argument for anything that is not exactly one key (or, for parse_key only, a certificate: then the certified key is returned).
[[nodiscard]] base::Result<PublicKey> parse_key_blob(std::string_view blob);
[[nodiscard]] base::Result<Certificate> parse_certificate_blob(std::string_view blob);

/// base64 as sshd reads it: white space inside is skipped, padding must be right. invalid_argument otherwise.
[[nodiscard]] base::Result<std::string> decode_base64_leniently(std::string_view text);
/// "type base64 [comment]" (a .pub file's line). invalid_argument when it is not one.
[[nodiscard]] base::Result<PublicKey> parse_public_line(std::string_view line);
[[nodiscard]] base::Result<Certificate> parse_certificate_line(std::string_view line);
/// "SHA256:" + 43 base64 characters, nothing else.
[[nodiscard]] bool is_fingerprint(std::string_view text);

}  // namespace exeunt::connect
