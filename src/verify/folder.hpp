// Reads a bundle's folder that nobody vouches for: with bounds, no link followed, nothing outside of it opened.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.hpp"

namespace exeunt::verify {

struct FolderLimits {
  std::size_t files_max = 250'000;
  std::size_t file_bytes_max = 64 * 1024 * 1024;
  std::size_t bytes_max = 512 * 1024 * 1024;  // of all files together: what this keeps in memory
};

/// By path inside the folder: "entries/0.json".
using Files = std::map<std::string, std::string>;

/// All of it; the name of the folder itself may be a symbolic link, nothing in it may. data_loss: a symbolic link, a device or a pipe, a folder within a
/// folder within it, a name that no record has, more than the limits. not_found, permission_denied: it cannot be read. Blocks on the disk only.
[[nodiscard]] base::Result<Files> read_folder(const std::filesystem::path& folder, const FolderLimits& limits = {});

}  // namespace exeunt::verify
