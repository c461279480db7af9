// exeunt.yaml, people.csv and links.csv: strictly read, every error with file and line.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "connect/system_config.hpp"
#include "model/departure.hpp"
#include "model/node.hpp"

namespace exeunt::service {

struct ConfiguredSystem {
  connect::SystemConfig config;
  bool identity = false;  // tier: identity
};

struct Config {
  std::filesystem::path home;
  model::TenantId tenant{std::string("default")};
  std::string origin;  // of the log; default "exeunt/<tenant>"
  std::filesystem::path people_file, links_file, policy_file, allowed_signers_file, checkpoint_copy, keys_folder;
  std::map<std::string, model::PersonId> operators;  // local login -> HR id
  std::vector<ConfiguredSystem> systems;
  std::vector<std::string> known_without_connector;  // systems that exist and have no connector: named in every map
};

/// Reads HOME/exeunt.yaml. Relative paths are relative to HOME. Keys: tenant, origin, people, links, policy, allowed_signers, checkpoint_copy, keys,
/// operators, systems, known_without_connector. not_found: no such file (next: `exeunt init`); invalid_argument: "exeunt.yaml:LINE: KEY: …".
[[nodiscard]] base::Result<Config> load_config(const std::filesystem::path& home);
/// The same from the text of the file, which errors call `file`.
[[nodiscard]] base::Result<Config> parse_config(std::string_view yaml, const std::string& file, const std::filesystem::path& home);
/// people.csv: hr_id,name,email,manager_hr_id,login,status. A bad row is named by its line; duplicates of hr_id are refused.
[[nodiscard]] base::Result<std::vector<model::Person>> load_people(const std::filesystem::path& file);
/// links.csv: system,kind,native_id,hr_id (kind account or key). Absent file: empty.
[[nodiscard]] base::Result<std::map<model::NodeId, model::PersonId>> load_links(const std::filesystem::path& file);

}  // namespace exeunt::service
