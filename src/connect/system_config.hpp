// One entry of `systems:` in exeunt.yaml as a connector gets it: strings by key, with errors that name file and line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/ids.hpp"

namespace exeunt::connect {

struct SystemConfig {
  model::SystemId id;
  std::string kind;                                       // "openldap"
  std::map<std::string, std::string> values;              // scalars, unparsed; relative paths already made absolute
  std::map<std::string, std::vector<std::string>> lists;  // sequences
  std::string where;                                      // "exeunt.yaml:12"

  /// invalid_argument naming `where` and the key when it is absent or empty.
  [[nodiscard]] base::Result<std::string> require(std::string_view key) const;
  [[nodiscard]] std::string get(std::string_view key, std::string_view otherwise = {}) const;
  [[nodiscard]] base::Result<int> require_int(std::string_view key, int min, int max) const;
  /// invalid_argument for the first key that is in neither list: a mistyped setting is never ignored.
  [[nodiscard]] base::Status only(std::initializer_list<std::string_view> keys) const;
};

}  // namespace exeunt::connect
