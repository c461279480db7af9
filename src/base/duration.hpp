// Lengths of time as people write them, in the policy and on the command line.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace exeunt::base {

/// A whole number and a unit: 500ms, 30s, 5min, 24h, 7d; at most ten years. nullopt: anything else.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

}  // namespace exeunt::base
