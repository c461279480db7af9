// Making and opening a store. Opening refuses what must not run: another process, a restored or copied database, a corrupt one.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "evidence/note.hpp"
#include "store/store.hpp"

namespace exeunt::store {

struct OpenOptions {
  std::filesystem::path database;         // DIR/store.db
  std::filesystem::path checkpoint_copy;  // outside the store; the last signed checkpoint
  model::TenantId tenant{std::string("default")};
  std::string origin;  // of the log; names the tenant: "exeunt.example/log/default"
  evidence::VerifierKey verifier;
  std::size_t commit_batch_max = 4096;
  bool allow_stale = false;  // only for `log succeed` and `doctor`: opens, but appends and signing are refused
  bool read_only = false;    // for `status`, `record` beside a running process: takes no lock; everything that writes is refused
};

/// Creates the database; already_exists when there is one.
[[nodiscard]] base::Status create_store(const OpenOptions& options, base::Random& random);
/// failed_precondition: another process holds it (exclusive lock); data_loss: corrupt, older than or not a descendant of the checkpoint copy,
/// copied from another place (device/inode/machine differ); unimplemented: schema newer than this binary. Migrates older schemas.
[[nodiscard]] base::Result<std::unique_ptr<Store>> open_store(const OpenOptions& options, const base::Clock& clock, base::Random& random);
/// Begins a new log in the same database whose first leaf (log_succeeded) names the old checkpoint and what is lost; rebinds the database to
/// its present place. `exeunt log succeed`. Needs the signing key of the new origin.
[[nodiscard]] base::Status succeed_log(const OpenOptions& options, const evidence::SigningKey& key, std::string_view reason,
                                       const base::Clock& clock, base::Random& random);

}  // namespace exeunt::store
