#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace exeunt::base {

void check_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "exeunt: broken invariant: %s at %s:%d; the run is durable, start again and report this line\n", expression, file,
               line);
  std::abort();
}

}  // namespace exeunt::base
