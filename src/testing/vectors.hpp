// Public test data that is not in this project: the folder named by the environment variable EXEUNT_VECTORS. Without it a test says loudly
// what it did not do.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace exeunt::testing {

/// `name` in that folder; nothing, and a line for tools/run_tests, where it is not there.
inline std::optional<std::filesystem::path> vectors(const char* test, const std::string& name) {
  const char* folder = std::getenv("EXEUNT_VECTORS");
  if (folder == nullptr || *folder == '\0') {
    std::printf("SKIPPED: %s: EXEUNT_VECTORS names no folder of public test data\n", test);
    return std::nullopt;
  }
  std::filesystem::path path = std::filesystem::path(folder) / name;
  if (!std::filesystem::exists(path)) {
    std::printf("SKIPPED: %s: %s is not there\n", test, path.string().c_str());
    return std::nullopt;
  }
  return path;
}

}  // namespace exeunt::testing
