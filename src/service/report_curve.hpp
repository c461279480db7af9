// The exposure curve of the report: ways in still open over time, as inline SVG with its text alternative.
#pragma once

#include <string>

#include "service/report.hpp"

namespace exeunt::service {

/// Empty where there is nothing to draw. From the approval on where there is one: before it all that was found was open.
[[nodiscard]] std::string exposure_curve(const Report& report);

}  // namespace exeunt::service
