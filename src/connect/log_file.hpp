// The end of a log that stands on Exeunt's own host: of a server that runs there, or whose log is sent there.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.hpp"

namespace exeunt::connect {

struct LogText {
  std::string text;  // hostile; begins at the beginning of a line
  bool cut = false;  // there was more than is read
};

/// The newest `bytes_max` of `path` and, before it, of the file that was rotated last (`path`.1, where it is there and can be read). Errors:
/// those of opening a file (base/descriptor.hpp), with its name; failed_precondition: no plain file.
[[nodiscard]] base::Result<LogText> read_log_end(const std::string& path, std::size_t bytes_max = 32 * 1024 * 1024);

}  // namespace exeunt::connect
