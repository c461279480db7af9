// Use case: the record of one case as a folder that stands by itself: whoever gets it checks it with public tools (docs/evidence-format.md,
// "Bundle"). The one JSON object of `exeunt record` is service/record.hpp.
#pragma once

#include <filesystem>
#include <string>

#include "service/home.hpp"
#include "service/operators.hpp"

namespace exeunt::service {

struct BundleWritten {
  model::CaseId case_id;
  std::filesystem::path folder;
  std::uint64_t through = 0;  // last entry that the record covers; the next one says so (record_issued)
  std::uint64_t tree_size = 0;
  std::size_t files = 0;
  int exit = 0;  // of the case as it stands: evidence::exit_code
};

/// Journals that the record was issued, signs a checkpoint over it, and writes the folder. Needs the home opened for writing. Each call issues a
/// record of its own. Errors: those of check_bundle_folder, before anything is journalled; aborted where another process runs the case.
/// A crash in between leaves an entry without a folder: call it again.
[[nodiscard]] base::Result<BundleWritten> write_bundle(Home& home, const Operator& who, const model::CaseId& case_id,
                                                       const std::filesystem::path& folder, const base::Clock& clock, base::Random& random);

}  // namespace exeunt::service
