// Diagnostic log on stderr: one line an event, outside text escaped. Not evidence; the journal is.
#pragma once

#include <string_view>

namespace exeunt::base {

enum class LogLevel { debug = 0, info = 1, warning = 2, error = 3 };

void log_to_stderr(LogLevel at_least);
void log(LogLevel level, std::string_view subject, std::string_view message);

}  // namespace exeunt::base
