// Writes the files of a bundle as one folder: all of them or none, readable by their owner alone.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.hpp"

namespace exeunt::service {

/// By path inside the folder: "entries/0.json". Paths are ours: relative, without "..".
using BundleFiles = std::map<std::string, std::string>;

/// already_exists: it is there and holds something, or is no folder. not_found: the folder that it would lie in is not there.
[[nodiscard]] base::Status check_bundle_folder(const std::filesystem::path& folder);

/// A temporary folder beside it, synced, then renamed: after a crash there is the whole folder or none (and a ".…" beside it to remove).
/// Folders 0700, files 0600. Errors as check_bundle_folder, and those of the disk.
[[nodiscard]] base::Status write_bundle_folder(const std::filesystem::path& folder, const BundleFiles& files);

}  // namespace exeunt::service
