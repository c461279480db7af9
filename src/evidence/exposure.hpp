// How many of the person's ways in were still open, over time. Pure; for the curve of the report.
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "evidence/case_entries.hpp"

namespace exeunt::evidence {

struct ExposurePoint {
  base::Time t{};
  int open = 0;  // from here on
  bool operator==(const ExposurePoint&) const = default;
};

/// Required ways in that are neither ended nor given back, our own left out. Only changes; times never go back, whatever the clock did.
[[nodiscard]] std::vector<ExposurePoint> exposure(const CaseEntries& entries);

}  // namespace exeunt::evidence
