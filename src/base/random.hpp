// Randomness is a parameter: only this floor draws it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace exeunt::base {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;  // thread-safe
};

/// The operating system's generator (libsodium). Thread-safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// `prefix` + 26 characters of Crockford base32 (130 bits): "p_01h…". For references that reveal nothing.
[[nodiscard]] std::string random_reference(Random& random, std::string_view prefix);
/// Printable password of `length` characters from [A-Za-z0-9] (5.95 bits each); 32 characters are > 190 bits.
[[nodiscard]] std::string random_password(Random& random, std::size_t length);

}  // namespace exeunt::base
