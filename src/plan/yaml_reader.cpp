#include "plan/yaml_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/duration.hpp"
#include "base/escape.hpp"

namespace exeunt::plan {

namespace {

constexpr std::size_t k_shown_max = 60;  // columns of an outside word in an error
constexpr std::size_t k_entries_max = 100'000;

std::string shown(std::string_view text) { return "\"" + base::escape_terminal(text, k_shown_max) + "\""; }

template <class T>
std::optional<T> number_of(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void YamlErrors::say(const YAML::Mark& mark, std::string_view key, std::string what, std::string next) {
  if (first_) return;
  const int line = mark.is_null() ? 1 : mark.line + 1;
  std::string words = fmt::format("{}:{}: ", file_, line);
  if (!key.empty()) words += base::escape_terminal(key, 2 * k_shown_max) + ": ";
  first_ = base::Error{base::Code::invalid_argument, words + std::move(what), std::move(next)};
}

base::Status YamlErrors::status() const {
  if (first_) return base::fail(*first_);
  return {};
}

YamlMapping::YamlMapping(const YAML::Node& node, YamlErrors& errors, std::string subject)
    : errors_(errors), subject_(std::move(subject)), mark_(node.Mark()) {
  if (!node.IsMap()) {
    errors_.say(mark_, subject_, "is no mapping of keys to values", "write `key: value` lines");
    return;
  }
  for (const auto& entry : node) {
    if (!entry.first.IsScalar() || entries_.size() >= k_entries_max) {
      errors_.say(entry.first.Mark(), subject_, "has a key that is not plain text, or too many of them", "mend it");
      return;
    }
    const std::string& key = entry.first.Scalar();
    if (has(key)) errors_.say(entry.first.Mark(), name_of(key), "is there twice", "keep one of them");
    entries_.push_back({key, entry.first.Mark(), entry.second});
  }
}

void YamlMapping::finish() {
  for (const auto& entry : entries_)
    if (!taken_.contains(entry.key))
      errors_.say(entry.mark, name_of(entry.key), "is no key that is known here", "mend its spelling or take it out");
}

bool YamlMapping::has(std::string_view key) const {
  for (const auto& entry : entries_)
    if (entry.key == key) return true;
  return false;
}

std::string YamlMapping::name_of(std::string_view key) const {
  return subject_.empty() ? std::string(key) : subject_ + "." + std::string(key);
}

std::optional<YAML::Node> YamlMapping::take(std::string_view key) {
  taken_.emplace(key);
  for (const auto& entry : entries_)
    if (entry.key == key) return entry.value;
  return std::nullopt;
}

std::optional<std::string> YamlMapping::scalar(std::string_view key) {
  const auto node = take(key);
  if (!node) return std::nullopt;
  if (!node->IsScalar() || node->Scalar().empty() || !base::is_valid_utf8(node->Scalar())) {
    refuse(key, "is no plain text", "write one value behind the colon");
    return std::nullopt;
  }
  return node->Scalar();
}

void YamlMapping::refuse(std::string_view key, std::string what, std::string next) {
  YAML::Mark mark = mark_;
  for (const auto& entry : entries_)
    if (entry.key == key) mark = entry.mark;
  errors_.say(mark, name_of(key), std::move(what), std::move(next));
}

void YamlMapping::text(std::string_view key, std::string& out) {
  if (auto value = scalar(key)) out = std::move(*value);
}

void YamlMapping::flag(std::string_view key, bool& out) {
  const auto value = scalar(key);
  if (!value) return;
  if (*value != "true" && *value != "false") return refuse(key, shown(*value) + " is neither true nor false", "write true or false");
  out = *value == "true";
}

void YamlMapping::whole(std::string_view key, int& out, int min, int max) {
  const auto value = scalar(key);
  if (!value) return;
  const auto number = number_of<int>(*value);
  if (!number || *number < min || *number > max)
    return refuse(key, fmt::format("{} is no whole number from {} to {}", shown(*value), min, max), "write one");
  out = *number;
}

void YamlMapping::number(std::string_view key, double& out, double min, double max) {
  const auto value = scalar(key);
  if (!value) return;
  const auto number = number_of<double>(*value);
  if (!number || !std::isfinite(*number) || *number < min || *number > max)
    return refuse(key, fmt::format("{} is no number from {} to {}", shown(*value), min, max), "write one");
  out = *number;
}

void YamlMapping::duration(std::string_view key, base::Duration& out) {
  const auto value = scalar(key);
  if (!value) return;
  const auto length = base::parse_duration(*value);
  if (!length) return refuse(key, shown(*value) + " is no length of time", "write a whole number and a unit: 500ms, 30s, 5min, 24h, 7d");
  out = *length;
}

void YamlMapping::texts(std::string_view key, const std::function<void(const YAML::Mark&, const std::string&)>& each) {
  const auto node = take(key);
  if (!node) return;
  if (!node->IsSequence()) return refuse(key, "is no list", "write [a, b] or one `- a` a line");
  for (const auto& item : *node) {
    if (!item.IsScalar() || item.Scalar().empty() || !base::is_valid_utf8(item.Scalar())) {
      errors_.say(item.Mark(), name_of(key), "has an entry that is no plain text", "write one value an entry");
      return;
    }
    each(item.Mark(), item.Scalar());
  }
}

void YamlMapping::entries(std::string_view key, const std::function<void(const YAML::Mark&, const std::string&, const YAML::Node&)>& each) {
  const auto node = take(key);
  if (!node) return;
  const YamlMapping inner(*node, errors_, name_of(key));
  for (const auto& entry : inner.entries_) each(entry.mark, entry.key, entry.value);
}

void YamlMapping::node(std::string_view key, const std::function<void(const YAML::Node&)>& each) {
  if (const auto found = take(key)) each(*found);
}

void YamlMapping::mapping(std::string_view key, const std::function<void(YamlMapping&)>& each) {
  const auto node = take(key);
  if (!node) return;
  YamlMapping inner(*node, errors_, name_of(key));
  if (errors_.any()) return;
  each(inner);
  inner.finish();
}

void YamlMapping::mappings(std::string_view key, const std::function<void(YamlMapping&)>& each) {
  const auto node = take(key);
  if (!node) return;
  if (!node->IsSequence()) return refuse(key, "is no list", "write one `- { … }` a line");
  std::size_t number = 0;
  for (const auto& item : *node) {
    YamlMapping inner(item, errors_, fmt::format("{}[{}]", name_of(key), number++));
    if (errors_.any()) return;
    each(inner);
    inner.finish();
  }
}

}  // namespace exeunt::plan
