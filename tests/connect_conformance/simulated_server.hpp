// Starts lab/simulated_systems.py in a folder of its own and switches its faults. Also for tests of the engine that need systems in another process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace exeunt::testing {

class SimulatedServer {
 public:
  /// `systems` as "directory=openldap". The process ends with this object, or with this process.
  [[nodiscard]] static base::Result<std::unique_ptr<SimulatedServer>> start(const std::filesystem::path& folder,
                                                                            const std::vector<std::string>& systems,
                                                                            const std::string& seed = "1");
  SimulatedServer(const SimulatedServer&) = delete;
  SimulatedServer& operator=(const SimulatedServer&) = delete;
  ~SimulatedServer();

  [[nodiscard]] std::string socket(const std::string& system) const { return (folder_ / (system + ".sock")).string(); }
  /// Any request, also while the system is down: {"op":"control","set":{"down":true}}, {"op":"person",…}.
  [[nodiscard]] base::Result<base::JsonObject> ask(const std::string& system, const base::JsonObject& request) const;

 private:
  SimulatedServer(std::filesystem::path folder, pid_t pid, int input) : folder_(std::move(folder)), pid_(pid), input_(input) {}

  std::filesystem::path folder_;
  pid_t pid_;
  int input_;
};

}  // namespace exeunt::testing
