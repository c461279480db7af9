#include "base/escape.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace exeunt::base {
namespace {

struct Row {
  std::string in, out;
};

TEST_CASE("escape: LDAP filters, RFC 4515 section 4") {
  for (const Row& row : {Row{"Parens R Us (for all your parenthetical needs)", "Parens R Us \\28for all your parenthetical needs\\29"},
                         Row{"*", "\\2a"}, Row{"C:\\MyFile", "C:\\5cMyFile"}, Row{std::string("\0", 1), "\\00"},
                         Row{"Lu\xC4\x8Di\xC4\x87", "Lu\\c4\\8di\\c4\\87"}, Row{"a\nb", "a\\0ab"}, Row{"", ""}}) {
    CAPTURE(row.in);
    CHECK(escape_ldap_filter(row.in) == row.out);
  }
}

TEST_CASE("escape: values of distinguished names, RFC 4514 section 2.4") {
  for (const Row& row : {Row{"James \"Jim\" Smith, III", "James \\\"Jim\\\" Smith\\, III"}, Row{"Before\rAfter", "Before\\0DAfter"},
                         Row{" both ends ", "\\ both ends\\ "}, Row{" ", "\\ "}, Row{"#hash", "\\#hash"}, Row{"a#b", "a#b"},
                         Row{"a+b;c<d>e\\f=g", "a\\+b\\;c\\<d\\>e\\\\f\\=g"}, Row{std::string("x\0y", 3), "x\\00y"},
                         Row{"Lu\xC4\x8Di\xC4\x87", "Lu\xC4\x8Di\xC4\x87"}}) {
    CAPTURE(row.in);
    CHECK(escape_ldap_dn_value(row.in) == row.out);
  }
}

TEST_CASE("escape: SQL names and values cannot leave their quotes") {
  CHECK(quote_sql_identifier("robert\"; DROP ROLE x; --") == "\"robert\"\"; DROP ROLE x; --\"");
  CHECK(quote_sql_identifier(std::string("a\0b", 3)) == "\"ab\"");
  CHECK(quote_sql_literal("O'Neil\\'; --") == "E'O''Neil\\\\''; --'");
  CHECK(quote_sql_literal("") == "E''");
}

TEST_CASE("escape: a word of a shell stays one word") {
  CHECK(quote_shell("it's $(reboot) `x` \n") == "'it'\\''s $(reboot) `x` \n'");
  CHECK(quote_shell("") == "''");
}

TEST_CASE("escape: HTML, URLs") {
  CHECK(escape_html("<script>alert('x' & \"y\")</script>") == "&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;");
  CHECK(percent_encode("a-._~Z9/ ?&\xC3\xB6") == "a-._~Z9%2F%20%3F%26%C3%B6");
}

TEST_CASE("escape: a CSV field is quoted where it must be and never a formula") {
  for (const Row& row : {Row{"plain", "plain"}, Row{"a,b", "\"a,b\""}, Row{"say \"hi\"", "\"say \"\"hi\"\"\""},
                         Row{"two\nlines", "\"two\nlines\""}, Row{"=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""}, Row{"+1", "'+1"},
                         Row{"-1", "'-1"}, Row{"@x", "'@x"}, Row{"\tx", "'\tx"}, Row{"\rx", "\"'\rx\""}}) {
    CAPTURE(row.in);
    CHECK(escape_csv(row.in) == row.out);
  }
}

TEST_CASE("escape: nothing that moves a cursor or turns the writing reaches a terminal") {
  for (const Row& row : {Row{"\x1b[2J", "\\x1b[2J"}, Row{"a\nb\tc", "a\\x0ab\\x09c"}, Row{"\x7f", "\\x7f"}, Row{"\xC2\x9B", "\\u{009b}"},
                         Row{"ok\xE2\x80\xAEgpj.exe", "ok\\u{202e}gpj.exe"}, Row{"\xE2\x81\xA6", "\\u{2066}"},
                         Row{"\xE2\x80\x8F", "\\u{200f}"}, Row{"\xFF\xFE", "\\xff\\xfe"}, Row{"\xC3", "\\xc3"},
                         Row{"\xED\xA0\x80", "\\xed\\xa0\\x80"}, Row{"Zo\xC3\xAB \xE6\xBC\xA2", "Zo\xC3\xAB \xE6\xBC\xA2"}}) {
    CAPTURE(row.in);
    CHECK(escape_terminal(row.in) == row.out);
  }
}

TEST_CASE("escape: a cut line fits its columns and says that it was cut") {
  CHECK(escape_terminal("abcdef", 6) == "abcdef");
  CHECK(escape_terminal("abcdefg", 6) == "abcde…");
  CHECK(escape_terminal("\x1b[2J", 4) == "…");
  CHECK(escape_terminal("a\x1b[2J", 4) == "a…");
  CHECK(escape_terminal("漢字漢字", 5) == "漢字…");
  CHECK(escape_terminal("漢字漢字", 8) == "漢字漢字");
  CHECK(escape_terminal("ab", 1) == "…");
}

TEST_CASE("escape: columns count wide characters twice and combining ones not at all") {
  CHECK(terminal_columns("") == 0);
  CHECK(terminal_columns("漢字") == 4);
  CHECK(terminal_columns("e\xCC\x81") == 1);
  CHECK(terminal_columns("😀") == 2);
  CHECK(terminal_columns("\n") == 4);
}

TEST_CASE("escape: whatever the bytes, a terminal line is valid UTF-8, shows no control and keeps to its columns") {
  CHECK(rc::check([](const std::string& text) {
    const auto columns = *rc::gen::inRange<std::size_t>(1, 40);
    const std::string shown = escape_terminal(text, columns);
    RC_ASSERT(is_valid_utf8(shown));
    RC_ASSERT(escape_terminal(shown) == shown);
    RC_ASSERT(terminal_columns(shown) <= columns);
  }));
}

TEST_CASE("escape: UTF-8 is judged by RFC 3629") {
  for (const char* good : {"", "a", "\xC3\xB6", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})
    CHECK(is_valid_utf8(good));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"}) {
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

}  // namespace
}  // namespace exeunt::base
