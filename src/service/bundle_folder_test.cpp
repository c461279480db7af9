#include "service/bundle_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.hpp"
#include "testing/temporary_folder.hpp"

using namespace exeunt;
using service::BundleFiles;

namespace {

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status{};
  REQUIRE_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

std::size_t names_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator{}));
}

const BundleFiles k_files = {{"README.txt", "words"}, {"entries/0.json", "{}"}, {"entries/1.json", std::string("\0x", 2)}};

}  // namespace

TEST_CASE("bundle folder: all files are there, for their owner alone, and nothing lies beside them") {
  const testing::TemporaryFolder home;
  for (const std::string_view name : {"record", "slash/"}) {
    CAPTURE(name);
    const auto folder = home.path() / name;
    const auto plain = home.path() / (name.ends_with('/') ? name.substr(0, name.size() - 1) : name);
    REQUIRE(service::write_bundle_folder(folder, k_files).has_value());
    CHECK_EQ(base::read_file(plain / "entries" / "1.json").value(), std::string("\0x", 2));
    CHECK_EQ(mode_of(plain), 0700U);
    CHECK_EQ(mode_of(plain / "entries"), 0700U);
    CHECK_EQ(mode_of(plain / "README.txt"), 0600U);
  }
  CHECK_EQ(names_in(home.path()), 2U);
}

TEST_CASE("bundle folder: an empty folder gives way, anything else is left as it was") {
  const testing::TemporaryFolder home;
  const auto folder = home.path() / "record";
  std::filesystem::create_directory(folder);
  CHECK(service::write_bundle_folder(folder, k_files).has_value());
  const auto again = service::write_bundle_folder(folder, k_files);
  REQUIRE_FALSE(again.has_value());
  CHECK_EQ(again.error().code, base::Code::already_exists);
  CHECK_NE(again.error().what.find("not empty"), std::string::npos);
  CHECK_FALSE(again.error().next.empty());
  const auto file = home.path() / "file";
  std::ofstream(file) << "kept";
  CHECK_FALSE(service::write_bundle_folder(file, k_files).has_value());
  CHECK_EQ(base::read_file(file).value(), "kept");
  const auto nowhere = service::write_bundle_folder(home.path() / "no" / "record", k_files);
  REQUIRE_FALSE(nowhere.has_value());
  CHECK_EQ(nowhere.error().code, base::Code::not_found);
  CHECK_EQ(names_in(home.path()), 2U);
}
