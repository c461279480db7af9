// Files: read with a bound, write so that a crash leaves the old or the new content, never half.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace exeunt::base {

[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max = 64 * 1024 * 1024);
/// Temporary file in the same folder, fsync, rename, fsync of the folder. `mode` applies to a new file.
[[nodiscard]] Status write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);
/// An exclusive advisory lock on `path` (created when absent) for as long as the object lives; `failed_precondition` when another process holds it.
class FileLock {
 public:
  [[nodiscard]] static Result<FileLock> acquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace exeunt::base
