#include "base/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/descriptor.hpp"

namespace exeunt::base {
namespace {

Status write_all(int descriptor, std::string_view content, const std::string& subject) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(subject, "write", errno));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Without it a power cut may forget the rename although the file itself was synced.
Status sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.valid()) return fail(system_error(folder.string(), "open", errno));
  if (::fsync(opened.get()) != 0) return fail(system_error(folder.string(), "fsync", errno));
  return {};
}

}  // namespace

Error system_error(std::string_view subject, std::string_view call, int number) {
  Code code = Code::internal;
  std::string next;
  if (number == ENOENT || number == ENOTDIR) {
    code = Code::not_found, next = "check the path";
  } else if (number == EACCES || number == EPERM || number == EROFS) {
    code = Code::permission_denied, next = "check owner and mode of the file and its folder";
  } else if (number == EEXIST) {
    code = Code::already_exists;
  } else if (number == ENOSPC || number == EDQUOT || number == EMFILE || number == ENFILE || number == ENOMEM || number == EFBIG) {
    code = Code::resource_exhausted, next = "make room, then repeat";
  } else if (number == EIO) {
    code = Code::data_loss, next = "check the disk";
  } else if (number == EISDIR || number == ELOOP || number == ENAMETOOLONG || number == EINVAL) {
    code = Code::invalid_argument, next = "check the path";
  }
  return Error{code, std::string(subject) + ": " + std::string(call) + " failed (" + std::generic_category().message(number) + ")",
               std::move(next)};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return fail(system_error(path.string(), "open", errno));
  std::string content;
  struct stat status{};
  if (::fstat(file.get(), &status) == 0 && status.st_size > 0) {
    content.reserve(std::min(static_cast<std::size_t>(status.st_size), bytes_max));
  }
  char buffer[65'536];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(path.string(), "read", errno));
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > bytes_max) {
      return fail(Code::resource_exhausted, path.string() + ": is longer than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

Status write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  struct stat before{};
  const bool existed = ::stat(path.c_str(), &before) == 0;
  std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.valid()) return fail(system_error(path.string(), "creating a temporary file beside it", errno));
  const auto give_up = [&](Error error) {
    ::unlink(temporary.c_str());
    return fail(std::move(error));
  };
  const mode_t wanted = existed ? before.st_mode & 07777U : static_cast<mode_t>(mode);
  const bool other_owner = existed && (before.st_uid != ::geteuid() || before.st_gid != ::getegid());
  // Owner before mode: chown clears set-id bits, and a secret must not be readable by its old owner for an instant longer than needed.
  if (other_owner && ::fchown(file.get(), before.st_uid, before.st_gid) != 0)
    return give_up(system_error(path.string(), "keeping its owner", errno));
  if (::fchmod(file.get(), wanted) != 0) return give_up(system_error(path.string(), "chmod", errno));
  if (auto written = write_all(file.get(), content, path.string()); !written) return give_up(std::move(written).error());
  if (::fsync(file.get()) != 0) return give_up(system_error(path.string(), "fsync", errno));
  // A crash before this line leaves the old file and a stray temporary one; after it, the new file.
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up(system_error(path.string(), "rename", errno));
  return sync_folder(folder);
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return fail(system_error(path.string(), "open", errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(system_error(path.string(), "flock", errno));
    return fail(Code::failed_precondition, path.string() + ": another process holds this lock", "wait for it to end, or stop it");
  }
  return FileLock(file.release());
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace exeunt::base
