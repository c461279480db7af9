#include "connect/system_config.hpp"

#include <algorithm>
#include <charconv>

namespace exeunt::connect {
namespace {

tl::unexpected<base::Error> setting_error(const SystemConfig& config, std::string_view key, std::string_view fault, std::string next) {
  return base::fail(base::Code::invalid_argument,
                    config.where + ": system " + config.id.text() + ": setting `" + std::string(key) + "` " + std::string(fault),
                    std::move(next));
}

}  // namespace

base::Result<std::string> SystemConfig::require(std::string_view key) const {
  const auto found = values.find(std::string(key));
  if (found == values.end())
    return setting_error(*this, key, "is missing", "add it; docs/operations.md lists the settings of kind " + kind);
  if (found->second.empty()) return setting_error(*this, key, "is empty", "give it a value");
  return found->second;
}

std::string SystemConfig::get(std::string_view key, std::string_view otherwise) const {
  const auto found = values.find(std::string(key));
  return found == values.end() ? std::string(otherwise) : found->second;
}

base::Result<int> SystemConfig::require_int(std::string_view key, int min, int max) const {
  EXEUNT_TRY_ASSIGN(const std::string text, require(key));
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max) {
    return setting_error(*this, key, "is not a whole number from " + std::to_string(min) + " to " + std::to_string(max), "mend it");
  }
  return value;
}

base::Status SystemConfig::only(std::initializer_list<std::string_view> keys) const {
  const auto known = [&](std::string_view key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
  std::string list;
  for (const auto key : keys) list += (list.empty() ? "" : ", ") + std::string(key);
  const auto refuse = [&](std::string_view key) {
    return setting_error(*this, key, "is unknown", "known for kind " + kind + " are: " + list);
  };
  for (const auto& [key, value] : values) {
    if (!known(key)) return refuse(key);
  }
  for (const auto& [key, value] : lists) {
    if (!known(key)) return refuse(key);
  }
  return {};
}

}  // namespace exeunt::connect
