#include "service/home.hpp"

#include <sys/stat.h>

#include "base/file.hpp"
#include "connect/registry.hpp"

namespace exeunt::service {

using base::Code;
using base::Result;
using base::Status;
namespace fs = std::filesystem;

namespace {

Status load_policy(Home& home) {
  EXEUNT_TRY_ASSIGN(home.policy_bytes, base::read_file(home.config.policy_file));
  EXEUNT_TRY_ASSIGN(home.policy, plan::parse_policy(home.policy_bytes, home.config.policy_file.filename().string()));
  return {};
}

Status make_systems(Home& home, const base::Clock& clock, base::Random& random) {
  for (const auto& configured : home.config.systems) {
    EXEUNT_TRY_ASSIGN(auto connector, connect::make_connector(configured.config, clock, random));
    engine::System system;
    system.id = configured.config.id;
    system.identity = configured.identity || home.policy.identity_systems.contains(system.id);
    const auto budget = home.policy.budgets.find(system.id);
    system.budget = budget == home.policy.budgets.end() ? connector->catalogue().budget : budget->second;
    system.connector = std::move(connector);
    if (system.identity) home.policy.identity_systems.insert(system.id);
    home.systems.emplace(system.id, std::move(system));
  }
  return {};
}

Status open_keys(Home& home) {
  EXEUNT_TRY_ASSIGN(auto key_text, base::read_secret("file:" + log_key_file(home.config).string()));
  EXEUNT_TRY_ASSIGN(auto log_key, evidence::SigningKey::parse(key_text));
  EXEUNT_TRY_ASSIGN(auto sealer, base::Sealer::open(sealing_key_file(home.config)));
  home.log_key.emplace(std::move(log_key));
  home.sealer.emplace(std::move(sealer));
  return {};
}

bool is_inside(const fs::path& inner, const fs::path& outer) {
  const fs::path a = fs::weakly_canonical(inner);
  const fs::path b = fs::weakly_canonical(outer);
  return std::mismatch(b.begin(), b.end(), a.begin(), a.end()).first == b.end();
}

}  // namespace

fs::path log_key_file(const Config& config) { return config.keys_folder / "log.key"; }
fs::path sealing_key_file(const Config& config) { return config.keys_folder / "sealing.key"; }

store::OpenOptions store_options(const Config& config, const evidence::VerifierKey& verifier) {
  store::OpenOptions options;
  options.database = config.home / "store.db";
  options.checkpoint_copy = config.checkpoint_copy;
  options.tenant = config.tenant;
  options.origin = verifier.name;  // the log is its key's: after `log succeed` it is no longer the configured one
  options.verifier = verifier;
  return options;
}

Result<std::unique_ptr<Home>> open_home(const fs::path& folder, StoreAccess access, const base::Clock& clock, base::Random& random) {
  auto home = std::make_unique<Home>();
  EXEUNT_TRY_ASSIGN(home->config, load_config(folder));
  EXEUNT_TRY(load_policy(*home));
  EXEUNT_TRY_ASSIGN(home->people, load_people(home->config.people_file));
  EXEUNT_TRY_ASSIGN(home->imported, load_links(home->config.links_file));
  EXEUNT_TRY(make_systems(*home, clock, random));
  if (access == StoreAccess::none) return home;
  EXEUNT_TRY(open_keys(*home));
  auto options = store_options(home->config, home->log_key->verifier());
  options.read_only = access == StoreAccess::read;
  options.allow_stale = access == StoreAccess::stale;
  EXEUNT_TRY_ASSIGN(home->store, store::open_store(options, clock, random));
  return home;
}

namespace {

std::string next_origin(const std::string& origin) {
  const auto slash = origin.rfind('/');
  const std::string tail = slash == std::string::npos ? "" : origin.substr(slash + 1);
  const bool counted = !tail.empty() && tail.find_first_not_of("0123456789") == std::string::npos && tail.size() < 9;
  return counted ? origin.substr(0, slash + 1) + std::to_string(std::stoi(tail) + 1) : origin + "/2";
}

Result<evidence::SigningKey> read_log_key(const fs::path& file) {
  EXEUNT_TRY_ASSIGN(const auto text, base::read_secret("file:" + file.string()));
  return evidence::SigningKey::parse(text);
}

}  // namespace

Result<std::string> succeed_log(const Config& config, std::string_view reason, const base::Clock& clock, base::Random& random) {
  const fs::path present = log_key_file(config);
  const fs::path next = fs::path(present).concat(".next");
  EXEUNT_TRY_ASSIGN(const auto old_key, read_log_key(present));
  std::error_code error;
  // Durable before the store knows it: a crash in between finds the same key again and goes on with it.
  if (!fs::exists(next, error)) {
    const auto made = evidence::SigningKey::generate(next_origin(old_key.verifier().name), random);
    EXEUNT_TRY(base::write_file_atomically(next, made.text().reveal() + "\n", 0600));
  }
  EXEUNT_TRY_ASSIGN(const auto new_key, read_log_key(next));
  EXEUNT_TRY(store::succeed_log(store_options(config, old_key.verifier()), new_key, reason, clock, random));
  fs::rename(present, fs::path(present).concat(".of-size-before-" + base::to_hex(base::sha256(old_key.verifier().text())).substr(0, 8)),
             error);
  if (!error) fs::rename(next, present, error);
  if (error)
    return base::fail(Code::permission_denied, "the new log key could not take its place: " + error.message(),
                      "rename " + next.string() + " to " + present.string());
  return new_key.verifier().text();
}

namespace {

constexpr std::string_view k_config_sample =
    "# Exeunt: who people are and which systems there are. `exeunt systems check` says what is missing.\n"
    "tenant: default\n"
    "people: people.csv            # hr_id,name,email,manager_hr_id,login,status\n"
    "links: links.csv              # system,kind,native_id,hr_id: strong links from provisioning\n"
    "operators: {}                 # local login: HR id, for everybody who may run `exeunt`\n"
    "systems: []                   # see docs/operations.md for one example of each kind\n";

Status make_folder(const fs::path& folder, std::vector<std::string>& words) {
  std::error_code error;
  if (fs::exists(folder, error)) return {};
  fs::create_directories(folder, error);
  if (error)
    return base::fail(Code::permission_denied, folder.string() + " could not be made: " + error.message(),
                      "make it, writable for this login only");
  ::chmod(folder.c_str(), 0700);
  words.push_back("made " + folder.string());
  return {};
}

Status make_file(const fs::path& file, std::string_view content, std::vector<std::string>& words) {
  std::error_code error;
  if (fs::exists(file, error)) return {};
  EXEUNT_TRY(base::write_file_atomically(file, content, 0600));
  words.push_back("made " + file.string());
  return {};
}

Status make_keys(const Config& config, base::Random& random, std::vector<std::string>& words) {
  std::error_code error;
  if (!fs::exists(log_key_file(config), error)) {
    const auto key = evidence::SigningKey::generate(config.origin, random);
    EXEUNT_TRY(base::write_file_atomically(log_key_file(config), key.text().reveal() + "\n", 0600));
    words.push_back("made the log key; give its public half to whoever verifies: " + key.verifier().text());
  }
  if (!fs::exists(sealing_key_file(config), error)) {
    EXEUNT_TRY(base::Sealer::make_key(sealing_key_file(config), random));
    words.push_back("made the sealing key " + sealing_key_file(config).string());
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> initialise(const InitOptions& options, const base::Clock& clock, base::Random& random) {
  static_cast<void>(clock);
  std::vector<std::string> words;
  if (is_inside(options.keys, options.home) || is_inside(options.home, options.keys))
    return base::fail(Code::failed_precondition, "the keys folder " + options.keys.string() + " lies in or above the home folder",
                      "name a folder elsewhere (another disk is better): whoever copies the store must not get its keys");
  EXEUNT_TRY(make_folder(options.home, words));
  EXEUNT_TRY(make_folder(options.keys, words));
  const fs::path copy = options.checkpoint_copy.empty() ? options.keys / "checkpoint" : options.checkpoint_copy;
  const std::string sample = std::string(k_config_sample) + "keys: " + fs::absolute(options.keys).string() +
                             "\ncheckpoint_copy: " + fs::absolute(copy).string() + "\n";
  EXEUNT_TRY(make_file(options.home / "exeunt.yaml", sample, words));
  EXEUNT_TRY(make_file(options.home / "policy.yaml", plan::default_policy_yaml(), words));
  EXEUNT_TRY(make_file(options.home / "people.csv", "hr_id,name,email,manager_hr_id,login,status\r\n", words));
  EXEUNT_TRY(make_file(options.home / "links.csv", "system,kind,native_id,hr_id\r\n", words));
  EXEUNT_TRY(make_file(options.home / "allowed_signers", "", words));
  EXEUNT_TRY_ASSIGN(const Config config, load_config(options.home));
  if (fs::weakly_canonical(config.keys_folder) != fs::weakly_canonical(options.keys))
    return base::fail(Code::failed_precondition, "exeunt.yaml names another keys folder: " + config.keys_folder.string(),
                      "pass that one, or mend exeunt.yaml");
  EXEUNT_TRY(make_keys(config, random, words));
  EXEUNT_TRY_ASSIGN(auto key_text, base::read_secret("file:" + log_key_file(config).string()));
  EXEUNT_TRY_ASSIGN(const auto log_key, evidence::SigningKey::parse(key_text));
  EXEUNT_TRY(store::create_store(store_options(config, log_key.verifier()), random));
  words.push_back("made the store " + (config.home / "store.db").string());
  return words;
}

}  // namespace exeunt::service
