#include "service/bundle_folder.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>

#include "base/descriptor.hpp"

namespace exeunt::service {
namespace {

using base::Code;
using base::Status;
namespace fs = std::filesystem;

/// Without a slash at its end, so that it has a name and a parent.
fs::path plain(const fs::path& folder) {
  std::error_code ignored;  // there is no present folder: then the name itself is tried, and its error said
  const fs::path normal = fs::absolute(folder, ignored).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

Status write_file(const fs::path& path, std::string_view content) {
  const base::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return base::fail(base::system_error(path.string(), "open", errno));
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::fail(base::system_error(path.string(), "write", errno));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status write_all(const fs::path& folder, const BundleFiles& files) {
  std::set<fs::path> made;
  for (const auto& [name, content] : files) {
    const fs::path inside = fs::path(name).parent_path();
    if (!inside.empty() && made.insert(inside).second && ::mkdir((folder / inside).c_str(), 0700) != 0)
      return base::fail(base::system_error((folder / inside).string(), "mkdir", errno));
    EXEUNT_TRY(write_file(folder / name, content));
  }
  return {};
}

/// One call for thousands of files.
Status sync_filesystem_of(const fs::path& folder) {
  const base::Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid()) return base::fail(base::system_error(folder.string(), "open", errno));
  if (::syncfs(opened.get()) != 0) return base::fail(base::system_error(folder.string(), "syncfs", errno));
  return {};
}

class TemporaryBeside {
 public:
  explicit TemporaryBeside(const fs::path& folder)
      : path_((folder.parent_path() / ("." + folder.filename().string() + ".XXXXXX")).string()) {}
  TemporaryBeside(const TemporaryBeside&) = delete;
  TemporaryBeside& operator=(const TemporaryBeside&) = delete;
  ~TemporaryBeside() {
    std::error_code ignored;
    if (made_) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] Status make() {
    if (::mkdtemp(path_.data()) == nullptr) return base::fail(base::system_error(path_, "mkdtemp", errno));
    made_ = true;
    return {};
  }
  [[nodiscard]] fs::path path() const { return path_; }
  void keep() { made_ = false; }

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace

Status check_bundle_folder(const fs::path& folder) {
  const fs::path path = plain(folder);
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) {
    if (fs::is_directory(path.parent_path(), error)) return {};
    return base::fail(Code::not_found, path.string() + ": the folder that it would lie in is not there",
                      "make " + path.parent_path().string() + " first, or name another place");
  }
  if (!fs::is_directory(status))
    return base::fail(Code::already_exists, path.string() + ": a record is a folder, and this is something else", "name a new folder");
  const bool empty = fs::is_empty(path, error);
  if (error) return base::fail(base::system_error(path.string(), "opendir", error.value()));
  if (!empty)
    return base::fail(Code::already_exists, path.string() + ": the folder is not empty, and a record is never written over anything",
                      "name a new folder, or empty this one");
  return {};
}

Status write_bundle_folder(const fs::path& folder, const BundleFiles& files) {
  EXEUNT_TRY(check_bundle_folder(folder));
  const fs::path path = plain(folder);
  TemporaryBeside temporary(path);
  EXEUNT_TRY(temporary.make());
  EXEUNT_TRY(write_all(temporary.path(), files));
  EXEUNT_TRY(sync_filesystem_of(temporary.path()));
  // An empty folder of that name gives way; one that was filled meanwhile does not (ENOTEMPTY).
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) return base::fail(base::system_error(path.string(), "rename", errno));
  temporary.keep();
  return sync_filesystem_of(path.parent_path());
}

}  // namespace exeunt::service
