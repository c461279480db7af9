#include "verify/folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/descriptor.hpp"

namespace exeunt::verify {
namespace {

using base::Code;
using base::Descriptor;
using base::Result;
using base::Status;

constexpr std::size_t k_name_bytes_max = 128;

tl::unexpected<base::Error> refuse(const std::string& path, std::string_view what) {
  return base::fail(Code::data_loss, path + ": " + std::string(what), "ask for the record again, as it was written");
}

/// Names of a record are plain; what is not can mean another place, or another name, to another program.
bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= k_name_bytes_max && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

class Reader {
 public:
  explicit Reader(const FolderLimits& limits) : limits_(limits) {}

  Status read_level(const Descriptor& folder, const std::string& before, bool is_top) {
    EXEUNT_TRY_ASSIGN(const auto names, names_of(folder.get(), before));
    for (const auto& name : names) EXEUNT_TRY(read_one(folder.get(), before + name, name, is_top));
    return {};
  }
  Files take() { return std::move(files_); }

 private:
  Result<std::vector<std::string>> names_of(int folder, const std::string& before) {
    std::vector<std::string> out;
    Descriptor listed(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!listed.valid()) return base::fail(base::system_error(before, "open", errno));
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(listed.release()), &::closedir);
    if (!entries) return base::fail(base::system_error(before, "opendir", errno));
    while (const dirent* entry = ::readdir(entries.get())) {
      std::string name(entry->d_name);
      if (name == "." || name == "..") continue;
      if (!is_plain(name)) return refuse(before + name, "no file of a record is called so");
      if (out.size() + files_.size() >= limits_.files_max)
        return refuse(before + name, "it is one more than the " + std::to_string(limits_.files_max) + " files that are read");
      out.push_back(std::move(name));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  Status read_one(int folder, const std::string& path, const std::string& name, bool is_top) {
    // Not blocking: opening a pipe would wait for its other end.
    const Descriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file.valid() && errno == ELOOP) return refuse(path, "it is a symbolic link, and a record holds its files itself");
    if (!file.valid() && errno == ENXIO) return refuse(path, "it is a socket or a pipe");
    if (!file.valid()) return base::fail(base::system_error(path, "open", errno));
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0) return base::fail(base::system_error(path, "stat", errno));
    if (S_ISDIR(facts.st_mode)) {
      if (!is_top) return refuse(path, "it is a folder, and no record has one there");
      return read_level(file, path + "/", false);
    }
    if (!S_ISREG(facts.st_mode)) return refuse(path, "it is neither a file nor a folder");
    return read_file(file.get(), path);
  }

  Status read_file(int file, const std::string& path) {
    const std::size_t room = std::min(limits_.file_bytes_max, limits_.bytes_max - bytes_);
    std::string content;
    char block[64 * 1024];
    while (true) {
      const ssize_t got = ::read(file, block, sizeof block);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return base::fail(base::system_error(path, "read", errno));
      if (got == 0) break;
      if (content.size() + static_cast<std::size_t>(got) > room) return refuse(path, "with it the record is larger than what is read");
      content.append(block, static_cast<std::size_t>(got));
    }
    bytes_ += content.size();
    files_.emplace(path, std::move(content));
    return {};
  }

  FolderLimits limits_;
  Files files_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<Files> read_folder(const std::filesystem::path& folder, const FolderLimits& limits) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid()) return base::fail(base::system_error(folder.string(), "open", errno));
  Reader reader(limits);
  EXEUNT_TRY(reader.read_level(opened, "", true));
  return reader.take();
}

}  // namespace exeunt::verify
