// Runs another program: argv (never a shell), bytes on stdin, bounded output, a time limit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace exeunt::base {

struct ProcessOutput {
  int exit_code = 0;  // 128 + signal when it was ended by one
  std::string out;
  std::string error;
};
struct ProcessLimits {
  Duration timeout{30'000};
  std::size_t output_bytes_max = 4 * 1024 * 1024;
};

/// Blocks until the program ended. Not found or not executable: not_found. Past the time limit the program is stopped and
/// `outcome_unknown` is returned. The child gets PATH and LC_ALL=C only. No secret may be in `argv`; put it on `input`.
[[nodiscard]] Result<ProcessOutput> run_process(const std::vector<std::string>& argv, std::string_view input = {},
                                                ProcessLimits limits = {});

}  // namespace exeunt::base
