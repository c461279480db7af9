// Hostile text on its way out: whatever it was, it cannot leave the place that it was escaped for.
#include "base/escape.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

namespace {

bool has_control(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return true;
  }
  return false;
}

/// Every `mark` inside is doubled; one stands at each end.
bool is_quoted(std::string_view text, char mark) {
  if (text.size() < 2 || text.front() != mark || text.back() != mark) return false;
  const std::string_view inside = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != mark) continue;
    if (i + 1 >= inside.size() || inside[i + 1] != mark) return false;
    ++i;
  }
  return true;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const std::string shown = base::escape_terminal(text);
  fuzz::require(!has_control(shown) && base::is_valid_utf8(shown));
  fuzz::require(base::terminal_columns(base::escape_terminal(text, 20)) <= 20);
  fuzz::require(is_quoted(base::quote_sql_identifier(text), '"'));
  fuzz::require(base::escape_ldap_filter(text).find_first_of("()*") == std::string::npos);
  const std::string html = base::escape_html(text);
  fuzz::require(html.find_first_of("<>\"'") == std::string::npos);
  const std::string encoded = base::percent_encode(text);
  fuzz::require(!has_control(encoded) && encoded.find_first_of(" /?#&=") == std::string::npos);
  static_cast<void>(base::escape_ldap_dn_value(text));
  static_cast<void>(base::quote_sql_literal(text));
  static_cast<void>(base::quote_shell(text));
  static_cast<void>(base::escape_csv(text));
  return 0;
}
