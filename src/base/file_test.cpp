#include "base/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "testing/temporary_folder.hpp"

namespace exeunt::base {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

unsigned mode_of(const fs::path& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

TEST_CASE("file: what is written is read back, and the old mode stays") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x";
  REQUIRE(write_file_atomically(path, "one", 0640));
  CHECK(mode_of(path) == 0640);
  CHECK(read_file(path).value() == "one");
  REQUIRE(write_file_atomically(path, std::string(300'000, 'z'), 0600));
  CHECK(mode_of(path) == 0640);
  CHECK(read_file(path).value() == std::string(300'000, 'z'));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("file: errors say which file and what to do") {
  const TemporaryFolder folder;
  CHECK(read_file(folder.path() / "absent").error().code == Code::not_found);
  CHECK(read_file(folder.path() / "absent").error().what.find("absent") != std::string::npos);
  CHECK(read_file(folder.path()).error().code == Code::invalid_argument);
  CHECK(write_file_atomically(folder.path() / "no" / "such" / "folder", "x").error().code == Code::not_found);
  REQUIRE(write_file_atomically(folder.path() / "long", "12345"));
  CHECK(read_file(folder.path() / "long", 5).value() == "12345");
  CHECK(read_file(folder.path() / "long", 4).error().code == Code::resource_exhausted);
}

TEST_CASE("file: a lock is held by one at a time and goes with its object") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "lock";
  {
    auto first = FileLock::acquire(path);
    REQUIRE(first);
    FileLock moved = std::move(*first);
    const auto second = FileLock::acquire(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Code::failed_precondition);
  }
  CHECK(FileLock::acquire(path));
}

}  // namespace
}  // namespace exeunt::base
