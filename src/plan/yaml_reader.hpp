// Strict reading of one YAML mapping: every key is asked for once, what nobody asked for is an error, and the first error is kept
// with its line. For policy.cpp only: yaml-cpp throws, and stays behind this header.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace exeunt::plan {

/// The first error of a whole file; later ones are not looked for.
class YamlErrors {
 public:
  explicit YamlErrors(std::string_view file_name) : file_(file_name) {}
  /// "FILE:LINE: KEY: what", and what to do about it.
  void say(const YAML::Mark& mark, std::string_view key, std::string what, std::string next);
  [[nodiscard]] bool any() const { return first_.has_value(); }
  [[nodiscard]] base::Status status() const;

 private:
  std::string file_;
  std::optional<base::Error> first_;
};

class YamlMapping {
 public:
  /// `subject` is put before every key ("secrets.report-role"); empty for the file itself.
  YamlMapping(const YAML::Node& node, YamlErrors& errors, std::string subject);
  /// Says which key was not asked for. Call it last.
  void finish();

  [[nodiscard]] bool has(std::string_view key) const;
  void text(std::string_view key, std::string& out);  // a scalar of valid UTF-8, not empty
  void flag(std::string_view key, bool& out);         // true | false
  void whole(std::string_view key, int& out, int min, int max);
  void number(std::string_view key, double& out, double min, double max);
  void duration(std::string_view key, base::Duration& out);  // "500ms", "30s", "5min", "24h", "7d"; never negative
  void texts(std::string_view key, const std::function<void(const YAML::Mark&, const std::string&)>& each);
  /// A mapping of mappings or scalars by names of its own (systems, kinds).
  void entries(std::string_view key, const std::function<void(const YAML::Mark&, const std::string& name, const YAML::Node& value)>& each);
  void node(std::string_view key, const std::function<void(const YAML::Node&)>& each);
  void mapping(std::string_view key, const std::function<void(YamlMapping&)>& each);
  void mappings(std::string_view key, const std::function<void(YamlMapping&)>& each);  // a sequence of them
  /// Refuses a value that was read: `what` says why.
  void refuse(std::string_view key, std::string what, std::string next);
  [[nodiscard]] YamlErrors& errors() { return errors_; }
  [[nodiscard]] std::string name_of(std::string_view key) const;
  [[nodiscard]] YAML::Mark mark() const { return mark_; }

 private:
  [[nodiscard]] std::optional<YAML::Node> take(std::string_view key);
  [[nodiscard]] std::optional<std::string> scalar(std::string_view key);

  struct Entry {
    std::string key;
    YAML::Mark mark;
    YAML::Node value;
  };
  std::vector<Entry> entries_;
  std::set<std::string, std::less<>> taken_;
  YamlErrors& errors_;
  std::string subject_;
  YAML::Mark mark_;
};

}  // namespace exeunt::plan
