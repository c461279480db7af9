// Everything that one tenant's installation consists of, opened: configuration, policy, people, systems, store, keys.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "engine/engine.hpp"
#include "evidence/note.hpp"
#include "plan/policy.hpp"
#include "service/config.hpp"
#include "store/open.hpp"

namespace exeunt::service {

enum class StoreAccess {
  none,   // map, systems check
  read,   // status, record, approval show: beside a running process
  write,  // plan, approve, run, cancel
  stale,  // doctor, log succeed: opens what must not run
};

struct Home {
  Config config;
  plan::Policy policy;
  std::string policy_bytes;
  std::vector<model::Person> people;
  std::map<model::NodeId, model::PersonId> imported;
  engine::Systems systems;
  std::unique_ptr<store::Store> store;  // absent with StoreAccess::none
  std::optional<base::Sealer> sealer;
  std::optional<evidence::SigningKey> log_key;
};

/// Files below the keys folder, which never lies beside the store.
[[nodiscard]] std::filesystem::path log_key_file(const Config& config);
[[nodiscard]] std::filesystem::path sealing_key_file(const Config& config);
[[nodiscard]] store::OpenOptions store_options(const Config& config, const evidence::VerifierKey& verifier);

/// Errors are those of what is opened, with file and line where there is one. Does not connect to any system.
[[nodiscard]] base::Result<std::unique_ptr<Home>> open_home(const std::filesystem::path& folder, StoreAccess access,
                                                            const base::Clock& clock, base::Random& random);

struct InitOptions {
  std::filesystem::path home;
  std::filesystem::path keys;             // where the log key and the sealing key go; never in, above or beside the store
  std::filesystem::path checkpoint_copy;  // default: keys/checkpoint
};
/// Makes what is missing: configuration samples (never replacing one), keys, store. failed_precondition: the keys folder is in or above the home.
/// already_exists: there is a store. Returns words for the operator, one line a thing made.
[[nodiscard]] base::Result<std::vector<std::string>> initialise(const InitOptions& options, const base::Clock& clock, base::Random& random);

/// Begins a new log with a new key after the store was restored or moved (architecture §8). Returns the public half of the new key, which
/// whoever verifies needs. The old key stays beside it under another name. Repeatable after a crash.
[[nodiscard]] base::Result<std::string> succeed_log(const Config& config, std::string_view reason, const base::Clock& clock,
                                                    base::Random& random);

}  // namespace exeunt::service
