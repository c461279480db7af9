// What tests against a real server of any kind share.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace exeunt::testing {

inline void write_file(const std::filesystem::path& path, const std::string& text, mode_t mode = 0644) {
  std::ofstream(path, std::ios::trunc) << text;
  ::chmod(path.c_str(), mode);
}

}  // namespace exeunt::testing

/// Skips a test loudly where there is no server. Each folder of tests has a test::Server of its own, whose get() says why there is none.
#define EXEUNT_SERVER(server)                                             \
  ::exeunt::test::Server* server##_found = ::exeunt::test::Server::get(); \
  if (server##_found == nullptr) return;                                  \
  ::exeunt::test::Server& server = *server##_found
