// Values of RFC 4251 §5 as SSH keys and signatures hold them, read from outside bytes and written.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace exeunt::evidence {

/// Every read gives nothing past the end instead of reading on. What it gives is part of the bytes.
class SshReader {
 public:
  explicit SshReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  std::optional<std::uint32_t> number() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (const std::uint8_t byte : rest_.first(4)) value = value << 8U | byte;
    rest_ = rest_.subspan(4);
    return value;
  }
  std::optional<std::span<const std::uint8_t>> bytes() {
    const auto size = number();
    if (!size || *size > rest_.size()) return std::nullopt;
    const auto value = rest_.first(*size);
    rest_ = rest_.subspan(*size);
    return value;
  }
  std::optional<std::string_view> text() {
    const auto value = bytes();
    if (!value) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(value->data()), value->size());
  }
  /// A positive mpint without superfluous leading zeros: one number has one text, and so one key one encoding.
  std::optional<std::span<const std::uint8_t>> positive() {
    const auto value = bytes();
    if (!value || value->empty() || ((*value)[0] & 0x80U) != 0) return std::nullopt;
    if ((*value)[0] != 0) return value;
    if (value->size() < 2 || ((*value)[1] & 0x80U) == 0) return std::nullopt;
    return value->subspan(1);
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::span<const std::uint8_t> rest_;
};

inline void append_ssh_text(std::string& out, std::string_view text) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(text.size() >> shift & 0xFFU));
  out.append(text);
}

}  // namespace exeunt::evidence
