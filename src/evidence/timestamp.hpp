// RFC 3161 time-stamps: what to send to an authority, what it answers, and whether that holds. Pure: nothing is sent, and certificates are
// judged at the instant that the time-stamp names, not at this machine's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace exeunt::evidence {

/// TimeStampReq (RFC 3161 §2.4.1) over SHA-256 of `bytes`, with the authority's certificates asked for. `nonce`: 8 or more random bytes of the
/// caller's, which the answer must repeat; empty: none. Sent as application/timestamp-query.
[[nodiscard]] base::Bytes timestamp_request(std::string_view bytes, std::span<const std::uint8_t> nonce);

struct Timestamp {
  base::Bytes token;    // the signed TimeStampToken, DER
  std::string hash;     // of the imprint: "sha256", "sha384", "sha512"
  base::Bytes imprint;  // that hash of what was stamped
  base::Time time{};    // genTime, cut to milliseconds
  std::string serial;   // hex, lower case
  std::string policy;   // "1.3.6.1.4.1.…"
  std::string nonce;    // hex, lower case; empty: none
};

/// A TimeStampResp (.tsr) or the bare token, DER, at most 100,000 bytes. No signature is checked. failed_precondition: the authority refused, and why;
/// unimplemented: an imprint by SHA-1 or another hash; data_loss: not exactly one of the two.
[[nodiscard]] base::Result<Timestamp> read_timestamp(std::span<const std::uint8_t> der);

/// That the imprint is that of these bytes. data_loss: it is not. Says nothing about who stamped.
[[nodiscard]] base::Status covers(const Timestamp& timestamp, std::string_view bytes);

/// That an authority whose certificate leads to one of these (PEM, one or several) stamped these bytes: imprint, signature, the signer's certificate for
/// time-stamping (RFC 3161 §2.3) and its chain, valid at the time of the stamp. Revocation is not looked at. What a certificate that has run out
/// since is worth, the caller judges by `time`. invalid_argument: no certificates in the PEM; data_loss: it does not hold.
[[nodiscard]] base::Status verify_timestamp(const Timestamp& timestamp, std::string_view bytes, std::string_view authorities_pem);

}  // namespace exeunt::evidence
