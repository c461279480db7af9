// JSON: parse with limits, write canonically (RFC 8785), read members with errors that name the path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/result.hpp"

namespace exeunt::base {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;
using JsonStorage = boost::json::storage_ptr;

struct JsonLimits {
  std::size_t bytes_max = 64 * 1024 * 1024;
  std::size_t depth_max = 64;
};

/// Whole text as one value; trailing text, duplicate member names, invalid UTF-8 and anything past the limits: invalid_argument.
/// `storage`: where the tree lives (a boost::json::monotonic_resource of the caller's spares a large document its thousands of allocations);
/// it must outlive the value.
[[nodiscard]] Result<Json> parse_json(std::string_view text, JsonLimits limits = {}, const JsonStorage& storage = {});
/// RFC 8785: members sorted by UTF-16 code units, ECMAScript numbers, shortest escapes. Invalid UTF-8 in strings is replaced by U+FFFD.
[[nodiscard]] std::string canonical_json(const Json& value);
/// Two-space indented, members in their order; for people.
[[nodiscard]] std::string pretty_json(const Json& value);
/// `text` as a canonical JSON string with its quotes; the fast path for leaves.
void append_json_string(std::string& out, std::string_view text);

[[nodiscard]] Result<std::string> json_string(const JsonObject& object, std::string_view key);
[[nodiscard]] Result<std::int64_t> json_int(const JsonObject& object, std::string_view key);
[[nodiscard]] Result<bool> json_bool(const JsonObject& object, std::string_view key);
[[nodiscard]] Result<const JsonArray*> json_array(const JsonObject& object, std::string_view key);
[[nodiscard]] Result<const JsonObject*> json_object(const JsonObject& object, std::string_view key);
/// Absent or null: nullopt; another type: invalid_argument.
[[nodiscard]] Result<std::optional<std::string>> json_optional_string(const JsonObject& object, std::string_view key);

}  // namespace exeunt::base
