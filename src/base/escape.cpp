#include "base/escape.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace exeunt::base {
namespace {

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void append_hex_byte(std::string& out, std::string_view before, char byte, std::string_view digits) {
  const auto value = static_cast<unsigned char>(byte);
  out += before;
  out.push_back(digits[value >> 4U]);
  out.push_back(digits[value & 15U]);
}

constexpr std::string_view k_lower = "0123456789abcdef";
constexpr std::string_view k_upper = "0123456789ABCDEF";

}  // namespace

std::string escape_ldap_filter(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool special =
        c == '*' || c == '(' || c == ')' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F;
    if (special) {
      append_hex_byte(out, "\\", c, k_lower);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string escape_ldap_dn_value(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool edge_space = c == ' ' && (i == 0 || i + 1 == text.size());
    const bool leading_hash = c == '#' && i == 0;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      append_hex_byte(out, "\\", c, k_upper);
    } else if (edge_space || leading_hash || std::string_view("\"+,;<>\\=").find(c) != std::string_view::npos) {
      out.push_back('\\');
      out.push_back(c);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string quote_sql_identifier(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string quote_sql_literal(std::string_view text) {
  std::string out = "E'";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'' || c == '\\') out.push_back(c);
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

std::string quote_shell(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  out.push_back('\'');
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out.push_back(c);
    }
  }
  return out;
}

std::string escape_csv(std::string_view text) {
  constexpr std::string_view lead_ins = "=+-@\t\r";
  std::string value;
  if (!text.empty() && lead_ins.find(text.front()) != std::string_view::npos) value.push_back('\'');
  value += text;
  if (value.find_first_of(",\"\r\n") == std::string::npos) return value;
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      append_hex_byte(out, "%", c, k_upper);
    }
  }
  return out;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = next_character(text);
    if (!step.valid) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

}  // namespace exeunt::base
