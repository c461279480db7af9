// Outside text is hostile: escaped by the type of the place that it goes to, never by hand.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace exeunt::base {

[[nodiscard]] std::string escape_ldap_filter(std::string_view text);    // RFC 4515 §3
[[nodiscard]] std::string escape_ldap_dn_value(std::string_view text);  // RFC 4514 §2.4
[[nodiscard]] std::string quote_sql_identifier(std::string_view text);  // "…" with "" doubled; NUL dropped
[[nodiscard]] std::string quote_sql_literal(std::string_view text);     // E'…' form safe for either standard_conforming_strings
[[nodiscard]] std::string quote_shell(std::string_view text);           // '…' for POSIX sh; NUL dropped
[[nodiscard]] std::string escape_html(std::string_view text);
[[nodiscard]] std::string escape_csv(std::string_view text);      // RFC 4180 + formula lead-ins (= + - @ tab CR) disarmed with '
[[nodiscard]] std::string percent_encode(std::string_view text);  // RFC 3986 unreserved kept
/// For a terminal or log line: C0, C1, ESC, bidirectional controls (U+202A–U+202E, U+2066–U+2069) and invalid UTF-8 shown as \xNN / \u{NNNN};
/// cut at `columns_max` columns with an ellipsis (0: not cut).
[[nodiscard]] std::string escape_terminal(std::string_view text, std::size_t columns_max = 0);
[[nodiscard]] bool is_valid_utf8(std::string_view text);
/// Columns that `text` takes on a terminal (wide and combining characters counted), after escape_terminal.
[[nodiscard]] std::size_t terminal_columns(std::string_view text);

}  // namespace exeunt::base
