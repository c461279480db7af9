// Bytes, digests and their text forms (hex, base64 RFC 4648 §4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace exeunt::base {

using Bytes = std::vector<std::uint8_t>;
using Hash32 = std::array<std::uint8_t, 32>;  // SHA-256 digest

[[nodiscard]] std::span<const std::uint8_t> as_bytes(std::string_view text);
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);     // lower case
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);               // both cases; odd length or other characters: invalid_argument
[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);  // padded
[[nodiscard]] std::string to_base64_unpadded(std::span<const std::uint8_t> bytes);  // as OpenSSH prints fingerprints
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);                     // strict: padding required, no white space
[[nodiscard]] Result<Hash32> hash32_from_hex(std::string_view text);

/// SHA-256 (FIPS 180-4) of the concatenation of the parts. Thread-safe, no allocation after the first call of a thread.
[[nodiscard]] Hash32 sha256(std::span<const std::uint8_t> bytes);
[[nodiscard]] Hash32 sha256(std::string_view text);
[[nodiscard]] Hash32 sha256_parts(std::initializer_list<std::span<const std::uint8_t>> parts);

}  // namespace exeunt::base
