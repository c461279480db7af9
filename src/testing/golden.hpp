// Golden files: tests/golden/NAME holds what was seen to be right. UPDATE_GOLDEN=1 writes it anew; read the difference before keeping it.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace exeunt::testing {

inline void check_golden(const std::string& root, const std::string& name, const std::string& seen) {
  const std::filesystem::path file = std::filesystem::path(root) / "tests" / "golden" / name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << seen;
    return;
  }
  std::ifstream in(file, std::ios::binary);
  const std::string kept{std::istreambuf_iterator<char>(in), {}};
  std::size_t line = 1, at = 0;
  for (; at < seen.size() && at < kept.size() && seen[at] == kept[at]; ++at) line += seen[at] == '\n' ? 1 : 0;
  const std::string where =
      file.string() + ":" + std::to_string(line) + " (UPDATE_GOLDEN=1 writes it anew), seen there: " + seen.substr(at, 80);
  CHECK_MESSAGE(seen == kept, where);
}

}  // namespace exeunt::testing
