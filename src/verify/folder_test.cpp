#include "verify/folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "testing/temporary_folder.hpp"

using namespace exeunt;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace

TEST_CASE("folder: every file by its path inside") {
  const testing::TemporaryFolder folder;
  write(folder.path() / "checkpoint", "c");
  write(folder.path() / "entries/0.json", std::string("\0x", 2));
  const auto files = verify::read_folder(folder.path());
  REQUIRE(files.has_value());
  CHECK_EQ(*files, verify::Files{{"checkpoint", "c"}, {"entries/0.json", std::string("\0x", 2)}});
  CHECK_EQ(verify::read_folder(folder.path() / "missing").error().code, base::Code::not_found);
}

TEST_CASE("folder: what no record has is refused and not opened") {
  struct Row {
    const char* what;
    void (*make)(const fs::path&);
  };
  const Row rows[] = {
      {"symbolic link to a file", [](const fs::path& f) { fs::create_symlink("/etc/hostname", f / "a"); }},
      {"symbolic link to a folder", [](const fs::path& f) { fs::create_directory_symlink("/etc", f / "entries"); }},
      {"symbolic link to nothing", [](const fs::path& f) { fs::create_symlink("nothing", f / "a"); }},
      {"pipe", [](const fs::path& f) { REQUIRE_EQ(::mkfifo((f / "a").c_str(), 0600), 0); }},
      {"folder in a folder", [](const fs::path& f) { write(f / "entries/more/a", "x"); }},
      {"hidden", [](const fs::path& f) { write(f / ".a", "x"); }},
      {"terminal control", [](const fs::path& f) { write(f / "a\x1b[2J", "x"); }},
      {"long name", [](const fs::path& f) { write(f / std::string(200, 'a'), "x"); }},
      {"newline", [](const fs::path& f) { write(f / "a\nb", "x"); }},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const testing::TemporaryFolder folder;
    row.make(folder.path());
    const auto files = verify::read_folder(folder.path());
    REQUIRE_FALSE(files.has_value());
    CHECK_EQ(files.error().code, base::Code::data_loss);
    CHECK_FALSE(files.error().next.empty());
  }
}

TEST_CASE("folder: its limits hold for one file, for all of them, and for how many there are") {
  const testing::TemporaryFolder folder;
  for (const char* name : {"a", "b", "entries/c"}) write(folder.path() / name, std::string(1000, 'x'));
  CHECK(verify::read_folder(folder.path(), {5, 1000, 3000}).has_value());
  for (const verify::FolderLimits& limits : {verify::FolderLimits{2, 1000, 3000}, {5, 999, 3000}, {5, 1000, 2999}}) {
    const auto files = verify::read_folder(folder.path(), limits);
    REQUIRE_FALSE(files.has_value());
    CHECK_EQ(files.error().code, base::Code::data_loss);
  }
}
