#include "base/json.hpp"

#include <charconv>
#include <cmath>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

namespace exeunt::base {
namespace {

namespace bj = boost::json;

// Boost's own parser keeps the last of two equal member names and reads doubles to within a unit in the last place; evidence needs neither.
struct Handler {
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  explicit Handler(JsonStorage where) : storage(std::move(where)) {}

  JsonStorage storage;
  bj::value_stack stack;
  std::string number;
  std::size_t members = 0;
  bool out_of_range = false;

  bool on_document_begin(bj::error_code&) {
    stack.reset(storage);
    return true;
  }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code&) { return true; }
  bool on_object_end(std::size_t count, bj::error_code&) {
    members += count;
    stack.push_object(count);
    return true;
  }
  bool on_array_begin(bj::error_code&) { return true; }
  bool on_array_end(std::size_t count, bj::error_code&) {
    stack.push_array(count);
    return true;
  }
  bool on_key_part(bj::string_view part, std::size_t, bj::error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_key(bj::string_view part, std::size_t, bj::error_code&) {
    stack.push_key(part);
    return true;
  }
  bool on_string_part(bj::string_view part, std::size_t, bj::error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(bj::string_view part, std::size_t, bj::error_code&) {
    stack.push_string(part);
    return true;
  }
  bool on_number_part(bj::string_view part, bj::error_code&) {
    number.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t value, bj::string_view, bj::error_code&) {
    number.clear();
    stack.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, bj::string_view, bj::error_code&) {
    number.clear();
    stack.push_uint64(value);
    return true;
  }
  bool on_double(double, bj::string_view part, bj::error_code&) {
    number.append(part.data(), part.size());
    double exact = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), exact);
    // from_chars also reports an underflow as out of range; a number that close to zero is refused with the others.
    if (error != std::errc{} || end != number.data() + number.size() || !std::isfinite(exact)) out_of_range = true;
    number.clear();
    stack.push_double(exact);
    return true;
  }
  bool on_bool(bool value, bj::error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(bj::error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

// Fewer members in the tree than were read means that a name came twice.
std::size_t count_members(const Json& value) {
  std::size_t count = 0;
  if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += count_members(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) count += count_members(element);
  }
  return count;
}

tl::unexpected<Error> member_error(std::string_view key, std::string_view fault) {
  return fail(Code::invalid_argument, "JSON member \"" + std::string(key) + "\" " + std::string(fault));
}

Result<const Json*> find_member(const JsonObject& object, std::string_view key) {
  const Json* value = object.if_contains(bj::string_view(key.data(), key.size()));
  if (value == nullptr) return member_error(key, "is missing");
  return value;
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits, const JsonStorage& storage) {
  if (text.size() > limits.bytes_max) {
    return fail(Code::invalid_argument, "JSON text is longer than " + std::to_string(limits.bytes_max) + " bytes");
  }
  bj::parse_options options;
  options.max_depth = limits.depth_max;
  bj::basic_parser<Handler> parser(options, storage);
  bj::error_code error;
  std::size_t used = 0;
  try {
    used = parser.write_some(false, text.data(), text.size(), error);
    if (!error && used == text.size()) {
      if (parser.handler().out_of_range) return fail(Code::invalid_argument, "JSON text has a number outside the range of a double");
      Json value = parser.handler().stack.release();
      if (count_members(value) != parser.handler().members)
        return fail(Code::invalid_argument, "JSON text has a member name twice in one object");
      return value;
    }
  } catch (const std::exception& thrown) {
    return fail(Code::resource_exhausted, std::string("JSON text could not be held: ") + thrown.what());
  }
  const std::string cause = error ? error.message() : "text after the value";
  return fail(Code::invalid_argument, "JSON text is wrong near byte " + std::to_string(used) + ": " + cause);
}

Result<std::string> json_string(const JsonObject& object, std::string_view key) {
  EXEUNT_TRY_ASSIGN(const Json* value, find_member(object, key));
  if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
  return member_error(key, "is not a string");
}

Result<std::int64_t> json_int(const JsonObject& object, std::string_view key) {
  EXEUNT_TRY_ASSIGN(const Json* value, find_member(object, key));
  if (const auto* number = value->if_int64()) return *number;
  return member_error(key, "is not a whole number of 64 bits");
}

Result<bool> json_bool(const JsonObject& object, std::string_view key) {
  EXEUNT_TRY_ASSIGN(const Json* value, find_member(object, key));
  if (const auto* flag = value->if_bool()) return *flag;
  return member_error(key, "is neither true nor false");
}

Result<const JsonArray*> json_array(const JsonObject& object, std::string_view key) {
  EXEUNT_TRY_ASSIGN(const Json* value, find_member(object, key));
  if (const auto* array = value->if_array()) return array;
  return member_error(key, "is not an array");
}

Result<const JsonObject*> json_object(const JsonObject& object, std::string_view key) {
  EXEUNT_TRY_ASSIGN(const Json* value, find_member(object, key));
  if (const auto* inner = value->if_object()) return inner;
  return member_error(key, "is not an object");
}

Result<std::optional<std::string>> json_optional_string(const JsonObject& object, std::string_view key) {
  const Json* value = object.if_contains(bj::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return std::optional<std::string>{};
  if (const auto* text = value->if_string()) return std::optional<std::string>(std::string(text->data(), text->size()));
  return member_error(key, "is not a string");
}

}  // namespace exeunt::base
