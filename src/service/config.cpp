#include "service/config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "base/file.hpp"
#include "base/yaml_documents.hpp"

namespace exeunt::service {
namespace {

using base::Code;
using base::Result;
using base::Status;

constexpr std::size_t k_config_bytes_max = 1024 * 1024;
constexpr std::size_t k_systems_max = 256;
// Settings of a system that name a file on this machine; other paths (authorized_keys, krl) are the managed host's.
constexpr std::string_view k_local_paths[] = {"ca_file",    "key_file", "known_hosts", "control_key", "control_certificate",
                                              "tasks_file", "socket"};

/// One mapping of the file, taken apart key by key; what nobody took is unknown.
class Mapping {
 public:
  static Result<Mapping> of(const YAML::Node& node, const std::string& file, std::string subject) {
    Mapping mapping(node, file, std::move(subject));
    if (!node.IsMap()) return mapping.refuse(node, "", "is no mapping of keys to values", "write `key: value` lines");
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return mapping.refuse(entry.first, "", "has a key that is not plain text", "mend it");
      const std::string& key = entry.first.Scalar();
      if (!seen.insert(key).second) return mapping.refuse(entry.first, key, "is there twice", "keep one of them");
    }
    return mapping;
  }

  [[nodiscard]] tl::unexpected<base::Error> refuse(const YAML::Node& at, std::string_view key, std::string_view fault,
                                                   std::string next) const {
    std::string what = place(mark_of(at, key)) + ": ";
    if (!subject_.empty()) what += subject_ + ": ";
    if (!key.empty()) what += std::string(key) + ": ";
    return base::fail(Code::invalid_argument, what + std::string(fault), std::move(next));
  }
  [[nodiscard]] std::string place(const YAML::Node& at) const { return file_ + ":" + std::to_string(at.Mark().line + 1); }
  [[nodiscard]] std::string place() const { return place(node_); }

  [[nodiscard]] YAML::Node find(const std::string& key) {
    taken_.insert(key);
    for (const auto& entry : node_) {
      if (entry.first.Scalar() == key) return entry.second;
    }
    return YAML::Node(YAML::NodeType::Undefined);
  }

  [[nodiscard]] Result<std::string> scalar(const std::string& key, std::string_view otherwise) {
    const YAML::Node value = find(key);
    if (!value.IsDefined()) return std::string(otherwise);
    return scalar_of(value, key);
  }

  [[nodiscard]] Result<std::string> scalar_of(const YAML::Node& value, std::string_view key) const {
    if (!value.IsScalar())
      return refuse(value, key, value.IsNull() ? "has no value" : "is not one value", "write one value after the colon");
    if (value.Scalar().find('\0') != std::string::npos) return refuse(value, key, "has a NUL character", "mend it");
    return value.Scalar();
  }

  [[nodiscard]] Result<std::vector<std::string>> list_of(const YAML::Node& value, std::string_view key) const {
    if (!value.IsSequence()) return refuse(value, key, "is no list", "write [one, two]");
    std::vector<std::string> out;
    for (const auto& element : value) {
      EXEUNT_TRY_ASSIGN(std::string text, scalar_of(element, key));
      out.push_back(std::move(text));
    }
    return out;
  }

  /// Everything that was not taken by name.
  [[nodiscard]] std::vector<std::pair<std::string, YAML::Node>> rest() const {
    std::vector<std::pair<std::string, YAML::Node>> out;
    for (const auto& entry : node_) {
      if (!taken_.contains(entry.first.Scalar())) out.emplace_back(entry.first.Scalar(), entry.second);
    }
    return out;
  }

  [[nodiscard]] Status nothing_else() const {
    std::string known;
    for (const auto& key : taken_) known += (known.empty() ? "" : ", ") + key;
    for (const auto& [key, value] : rest()) return refuse(value, key, "is unknown", "known keys are: " + known);
    return {};
  }

 private:
  // yaml-cpp marks an absent value where the next token is, which may be lines further on.
  [[nodiscard]] YAML::Node mark_of(const YAML::Node& at, std::string_view key) const {
    if (!at.IsNull()) return at;
    for (const auto& entry : node_) {
      if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.first;
    }
    return at;
  }

  Mapping(const YAML::Node& node, std::string file, std::string subject)
      : node_(node), file_(std::move(file)), subject_(std::move(subject)) {}

  YAML::Node node_;
  std::string file_, subject_;
  std::set<std::string> taken_;
};

std::filesystem::path absolute(const std::filesystem::path& home, const std::string& text) {
  if (text.empty()) return {};
  return (home / text).lexically_normal();
}

bool is_system_id(std::string_view id) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !id.empty() && id.size() <= 32 && std::all_of(id.begin(), id.end(), good);
}

/// A relative `file:` reference or local path means: in the engine's home.
std::string resolve(const std::filesystem::path& home, const std::string& key, const std::string& value) {
  constexpr std::string_view prefix = "file:";
  if (value.starts_with(prefix) && value.size() > prefix.size())
    return std::string(prefix) + absolute(home, value.substr(prefix.size())).string();
  if (value.empty() || std::find(std::begin(k_local_paths), std::end(k_local_paths), key) == std::end(k_local_paths)) return value;
  return absolute(home, value).string();
}

Result<ConfiguredSystem> read_system(const YAML::Node& node, const std::string& file, const std::filesystem::path& home) {
  EXEUNT_TRY_ASSIGN(Mapping mapping, Mapping::of(node, file, "systems"));
  ConfiguredSystem out;
  out.config.where = mapping.place();
  EXEUNT_TRY_ASSIGN(std::string id, mapping.scalar("id", ""));
  if (!is_system_id(id)) {
    return mapping.refuse(node, "id", "is missing or not made of a-z, 0-9, - and _ (at most 32)",
                          "give every system an id, as `directory`");
  }
  EXEUNT_TRY_ASSIGN(out.config.kind, mapping.scalar("kind", ""));
  if (out.config.kind.empty()) return mapping.refuse(node, "kind", "is missing", "say what it is, as `openldap`");
  EXEUNT_TRY_ASSIGN(const std::string tier, mapping.scalar("tier", "downstream"));
  if (tier != "identity" && tier != "downstream")
    return mapping.refuse(mapping.find("tier"), "tier", "is unknown", "write identity or downstream");
  out.identity = tier == "identity";
  for (const auto& [key, value] : mapping.rest()) {
    if (value.IsSequence()) {
      EXEUNT_TRY_ASSIGN(auto texts, mapping.list_of(value, key));
      for (std::string& text : texts) text = resolve(home, key, text);
      out.config.lists[key] = std::move(texts);
    } else {
      EXEUNT_TRY_ASSIGN(const std::string text, mapping.scalar_of(value, key));
      out.config.values[key] = resolve(home, key, text);
    }
  }
  out.config.id = model::SystemId(std::move(id));
  return out;
}

Status read_systems(Mapping& top, const std::string& file, Config& config) {
  const YAML::Node node = top.find("systems");
  if (!node.IsDefined()) return {};
  if (!node.IsSequence()) return top.refuse(node, "systems", "is no list", "begin every system with `- id: …`");
  if (node.size() > k_systems_max)
    return top.refuse(node, "systems", "has more than " + std::to_string(k_systems_max) + " entries", "split the tenant");
  std::set<model::SystemId> seen;
  for (const auto& entry : node) {
    EXEUNT_TRY_ASSIGN(ConfiguredSystem system, read_system(entry, file, config.home));
    if (!seen.insert(system.config.id).second) {
      return top.refuse(entry, "systems", "the id " + system.config.id.text() + " is there twice", "give every system an id of its own");
    }
    config.systems.push_back(std::move(system));
  }
  return {};
}

Status read_operators(Mapping& top, const std::string& file, Config& config) {
  const YAML::Node node = top.find("operators");
  if (!node.IsDefined()) return {};
  EXEUNT_TRY_ASSIGN(const Mapping operators, Mapping::of(node, file, "operators"));
  for (const auto& [login, value] : operators.rest()) {
    EXEUNT_TRY_ASSIGN(const std::string id, operators.scalar_of(value, login));
    if (login.empty() || id.empty()) return operators.refuse(value, login, "login or HR id is empty", "write `login: HR id`");
    config.operators[login] = model::PersonId(id);
  }
  return {};
}

Status read_paths(Mapping& top, Config& config) {
  const auto path = [&](const std::string& key, std::string_view otherwise, std::filesystem::path& out) -> Status {
    EXEUNT_TRY_ASSIGN(const std::string text, top.scalar(key, otherwise));
    out = absolute(config.home, text);
    return {};
  };
  EXEUNT_TRY(path("people", "people.csv", config.people_file));
  EXEUNT_TRY(path("links", "links.csv", config.links_file));
  EXEUNT_TRY(path("policy", "policy.yaml", config.policy_file));
  EXEUNT_TRY(path("allowed_signers", "allowed_signers", config.allowed_signers_file));
  EXEUNT_TRY(path("checkpoint_copy", "", config.checkpoint_copy));
  EXEUNT_TRY(path("keys", "", config.keys_folder));
  const auto [end, _] = std::mismatch(config.home.begin(), config.home.end(), config.keys_folder.begin(), config.keys_folder.end());
  const bool inside = end == config.home.end() || (std::next(end) == config.home.end() && end->empty());
  if (!config.keys_folder.empty() && inside) {
    return top.refuse(top.find("keys"), "keys", "lies inside the home, beside the store that its keys protect",
                      "keep the keys elsewhere, best on another disk");
  }
  return {};
}

Result<Config> read_config(const YAML::Node& document, const std::string& file, const std::filesystem::path& home) {
  EXEUNT_TRY_ASSIGN(Mapping top, Mapping::of(document, file, ""));
  Config config;
  config.home = home;
  EXEUNT_TRY_ASSIGN(const std::string tenant, top.scalar("tenant", "default"));
  if (!is_system_id(tenant)) return top.refuse(top.find("tenant"), "tenant", "is not made of a-z, 0-9, - and _ (at most 32)", "mend it");
  config.tenant = model::TenantId(tenant);
  EXEUNT_TRY_ASSIGN(config.origin, top.scalar("origin", "exeunt/" + tenant));
  EXEUNT_TRY(read_paths(top, config));
  EXEUNT_TRY(read_operators(top, file, config));
  EXEUNT_TRY(read_systems(top, file, config));
  if (const YAML::Node node = top.find("known_without_connector"); node.IsDefined()) {
    EXEUNT_TRY_ASSIGN(config.known_without_connector, top.list_of(node, "known_without_connector"));
  }
  EXEUNT_TRY(top.nothing_else());
  return config;
}

}  // namespace

Result<Config> parse_config(std::string_view yaml, const std::string& file, const std::filesystem::path& home) {
  try {
    if (base::count_yaml_documents(yaml) != base::YamlDocuments::one)
      return base::fail(Code::invalid_argument, file + ":1: is empty or has more than one document", "keep one");
    return read_config(YAML::Load(std::string(yaml)), file, home);
  } catch (const YAML::Exception& error) {
    return base::fail(Code::invalid_argument, file + ":" + std::to_string(error.mark.line + 1) + ": is no YAML: " + error.msg,
                      "mend the line");
  } catch (const std::exception& error) {
    return base::fail(Code::invalid_argument, file + ": cannot be read: " + error.what(), "mend the file");
  }
}

Result<Config> load_config(const std::filesystem::path& home) {
  std::error_code error;
  const std::filesystem::path absolute_home = std::filesystem::absolute(home, error).lexically_normal();
  auto text = base::read_file(absolute_home / "exeunt.yaml", k_config_bytes_max);
  if (!text && text.error().code == Code::not_found) {
    return base::fail(Code::not_found, "there is no exeunt.yaml in " + absolute_home.string(),
                      "name another folder with --home, or run `exeunt init`");
  }
  if (!text) return base::fail(std::move(text).error());
  return parse_config(*text, "exeunt.yaml", absolute_home);
}

}  // namespace exeunt::service
