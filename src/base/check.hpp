// Broken invariants of our own end the process: the run is durable, so stopping is safe and carrying on is not.
// Never for input from outside.
#pragma once

namespace exeunt::base {
[[noreturn]] void check_failed(const char* expression, const char* file, int line) noexcept;
}  // namespace exeunt::base

#define EXEUNT_CHECK(expression) ((expression) ? static_cast<void>(0) : ::exeunt::base::check_failed(#expression, __FILE__, __LINE__))
