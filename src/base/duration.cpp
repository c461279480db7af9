#include "base/duration.hpp"

#include <charconv>
#include <cstdint>

namespace exeunt::base {
namespace {

constexpr std::int64_t k_duration_max_ms = std::int64_t{10} * 366 * 24 * 3600 * 1000;  // ten years

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || text.front() == '-') return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t factor = unit == "ms"    ? 1
                              : unit == "s"   ? 1000
                              : unit == "min" ? 60'000
                              : unit == "h"   ? 3'600'000
                              : unit == "d"   ? 86'400'000
                                              : 0;
  if (factor == 0 || count > k_duration_max_ms / factor) return std::nullopt;
  return Duration(count * factor);
}

}  // namespace exeunt::base
