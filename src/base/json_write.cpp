// The writing half of base/json.hpp: RFC 8785 for what is hashed, indented text for people.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/check.hpp"
#include "base/escape.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"

namespace exeunt::base {
namespace {

constexpr std::uint64_t k_ones = 0x0101010101010101ULL;
constexpr std::uint64_t k_high_bits = 0x8080808080808080ULL;

// Non-zero when one of eight bytes is a control, a quote, a backslash or not ASCII (Hacker's Delight §6.1; may also flag a byte above such a
// one, never misses any).
std::uint64_t needs_care(std::uint64_t word) {
  const std::uint64_t quote = word ^ (k_ones * '"');
  const std::uint64_t backslash = word ^ (k_ones * '\\');
  const std::uint64_t control = word - k_ones * 0x20;
  return (control | (quote - k_ones) | (backslash - k_ones) | word) & k_high_bits;
}

bool is_plain(unsigned char byte) { return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\'; }

std::size_t plain_run(const char* text, std::size_t length) {
  std::size_t at = 0;
  while (at + 8 <= length) {
    std::uint64_t word = 0;
    std::memcpy(&word, text + at, 8);
    if (needs_care(word) != 0) break;
    at += 8;
  }
  while (at < length && is_plain(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

void append_escape(std::string& out, unsigned char byte) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\t': out += "\\t"; return;
    case '\n': out += "\\n"; return;
    case '\f': out += "\\f"; return;
    case '\r': out += "\\r"; return;
    default: break;
  }
  out += "\\u00";
  out.push_back(hex[byte >> 4U]);
  out.push_back(hex[byte & 15U]);
}

// ECMAScript Number::toString (ECMA-262 §6.1.6.1.20), which RFC 8785 §3.2.2.3 prescribes.
void append_number(std::string& out, double value) {
  EXEUNT_CHECK(std::isfinite(value));
  if (value == 0) {
    out.push_back('0');  // also for -0
    return;
  }
  if (value < 0) out.push_back('-');
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
  const std::size_t mark = text.find('e');
  std::string digits(1, text[0]);
  if (mark > 2) digits += text.substr(2, mark - 2);
  int exponent = 0;
  const std::size_t sign = text[mark + 1] == '+' ? 2 : 1;
  std::from_chars(text.data() + mark + sign, text.data() + text.size(), exponent);
  const int count = static_cast<int>(digits.size());
  const int point = exponent + 1;  // digits before the decimal point
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out += digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else {
    out.push_back(digits[0]);
    if (count > 1) out += "." + digits.substr(1);
    out += exponent < 0 ? "e-" : "e+";
    out += std::to_string(std::abs(exponent));
  }
}

// Every JSON number is a double to RFC 8785; whole numbers past 2^53 are written as the double that any other reader makes of them.
constexpr std::int64_t k_exact_max = 9'007'199'254'740'992;

void append_integer(std::string& out, std::int64_t value) {
  if (value > k_exact_max || value < -k_exact_max) return append_number(out, static_cast<double>(value));
  char buffer[24];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, written.ptr);
}

std::string_view view(const boost::json::string_view text) { return {text.data(), text.size()}; }

// UTF-16 code units order as bytes of UTF-8 do, but for characters past U+FFFF (lead bytes F0..F4), which sort before U+E000..U+FFFF (EE, EF).
bool less_utf16(std::string_view left, std::string_view right) {
  const auto [l, r] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (l == left.end() || r == right.end()) return l == left.end() && r != right.end();
  const auto a = static_cast<unsigned char>(*l);
  const auto b = static_cast<unsigned char>(*r);
  if (a >= 0xEE && b >= 0xEE && (a >= 0xF0) != (b >= 0xF0)) return a >= 0xF0;
  return a < b;
}

void append_canonical(std::string& out, const Json& value);

void append_canonical_object(std::string& out, const JsonObject& object) {
  using Member = std::pair<std::string_view, const Json*>;
  std::vector<Member> members;
  members.reserve(object.size());
  for (const auto& member : object) members.emplace_back(view(member.key()), &member.value());
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return less_utf16(a.first, b.first); });
  char separator = '{';
  for (const auto& [key, member] : members) {
    out.push_back(separator);
    append_json_string(out, key);
    out.push_back(':');
    append_canonical(out, *member);
    separator = ',';
  }
  out += members.empty() ? "{}" : "}";
}

void append_scalar(std::string& out, const Json& value) {
  switch (value.kind()) {
    case boost::json::kind::null: out += "null"; return;
    case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; return;
    case boost::json::kind::int64: append_integer(out, value.get_int64()); return;
    case boost::json::kind::uint64: append_number(out, static_cast<double>(value.get_uint64())); return;
    case boost::json::kind::double_: append_number(out, value.get_double()); return;
    case boost::json::kind::string: append_json_string(out, view(value.get_string())); return;
    case boost::json::kind::array:
    case boost::json::kind::object: break;
  }
  EXEUNT_CHECK(false);
}

void append_canonical(std::string& out, const Json& value) {
  if (const auto* object = value.if_object()) return append_canonical_object(out, *object);
  const auto* array = value.if_array();
  if (array == nullptr) return append_scalar(out, value);
  char separator = '[';
  for (const auto& element : *array) {
    out.push_back(separator);
    append_canonical(out, element);
    separator = ',';
  }
  out += array->empty() ? "[]" : "]";
}

void append_pretty(std::string& out, const Json& value, std::size_t indent) {
  const auto* object = value.if_object();
  const auto* array = value.if_array();
  if (object == nullptr && array == nullptr) return append_scalar(out, value);
  const bool empty = object != nullptr ? object->empty() : array->empty();
  if (empty) {
    out += object != nullptr ? "{}" : "[]";
    return;
  }
  const char* separator = object != nullptr ? "{\n" : "[\n";
  const auto next_line = [&] {
    out += separator;
    out.append(indent + 2, ' ');
    separator = ",\n";
  };
  if (object != nullptr) {
    for (const auto& member : *object) {
      next_line();
      append_json_string(out, view(member.key()));
      out += ": ";
      append_pretty(out, member.value(), indent + 2);
    }
  } else {
    for (const auto& element : *array) {
      next_line();
      append_pretty(out, element, indent + 2);
    }
  }
  out.push_back('\n');
  out.append(indent, ' ');
  out.push_back(object != nullptr ? '}' : ']');
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const std::size_t run = plain_run(text.data(), text.size());
    out.append(text.data(), run);
    text.remove_prefix(run);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte < 0x80) {
      append_escape(out, byte);
      text.remove_prefix(1);
      continue;
    }
    const Utf8Step step = next_character(text);
    if (step.valid) {
      out.append(text.data(), step.length);
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(step.length);
  }
  out.push_back('"');
}

std::string canonical_json(const Json& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

std::string pretty_json(const Json& value) {
  std::string out;
  append_pretty(out, value, 0);
  return out;
}

}  // namespace exeunt::base
