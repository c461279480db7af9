// How many documents a YAML text holds. Ask before YAML::Load: YAML::LoadAll of yaml-cpp 0.7 never ends at a stray `}` (found by fuzzing).
#pragma once

#include <string_view>

namespace exeunt::base {

enum class YamlDocuments { none = 0, one = 1, several = 2 };

/// Text that is no YAML counts as one document: loading it then says what is wrong and where.
[[nodiscard]] YamlDocuments count_yaml_documents(std::string_view yaml);

}  // namespace exeunt::base
