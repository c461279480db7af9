#include "connect/postgresql/ddl_statement.hpp"

#include <cstdint>
#include <optional>

namespace exeunt::connect::postgresql {

namespace {

constexpr std::size_t k_name_bytes_max = 63;  // NAMEDATALEN - 1: the server cuts longer names

enum class Mark { word, quoted, text, semicolon, other, end };
struct Token {
  Mark mark = Mark::end;
  std::string value;  // word: lower case
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool is_word_part(char c) { return is_word_start(c) || (c >= '0' && c <= '9') || c == '$'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Cut as the server cuts, never inside a UTF-8 character.
std::string cut_name(std::string name) {
  if (name.size() <= k_name_bytes_max) return name;
  std::size_t length = k_name_bytes_max;
  while (length > 0 && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80U) --length;
  name.resize(length);
  return name;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0U | (point >> 6U));
    byte(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    byte(0xE0U | (point >> 12U));
    byte(0x80U | ((point >> 6U) & 0x3FU));
    byte(0x80U | (point & 0x3FU));
  } else {
    byte(0xF0U | (point >> 18U));
    byte(0x80U | ((point >> 12U) & 0x3FU));
    byte(0x80U | ((point >> 6U) & 0x3FU));
    byte(0x80U | (point & 0x3FU));
  }
}

std::optional<std::uint32_t> hex(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits) {
    const char l = lower(c);
    if (l >= '0' && l <= '9') {
      value = value * 16 + static_cast<std::uint32_t>(l - '0');
    } else if (l >= 'a' && l <= 'f') {
      value = value * 16 + static_cast<std::uint32_t>(l - 'a') + 10;
    } else {
      return std::nullopt;
    }
  }
  return value;
}

/// U&"d\0061t\+000061": the default escape character only; nullopt for anything else.
std::optional<std::string> unescape_unicode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    if (at + 1 < text.size() && text[at + 1] == '\\') {
      out += '\\';
      ++at;
      continue;
    }
    const bool six = at + 1 < text.size() && text[at + 1] == '+';
    const std::size_t start = at + (six ? 2 : 1);
    const std::size_t length = six ? 6 : 4;
    if (start + length > text.size()) return std::nullopt;
    const auto point = hex(text.substr(start, length));
    if (!point || *point == 0 || *point > 0x10FFFF || (*point >= 0xD800 && *point <= 0xDFFF)) return std::nullopt;
    append_utf8(out, *point);
    at = start + length - 1;
  }
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Token next() {
    skip_space_and_comments();
    if (at_ >= sql_.size()) return {};
    const char c = sql_[at_];
    if (c == ';') return ++at_, Token{Mark::semicolon, {}};
    if (c == '"') return quoted_name(false);
    if (c == '\'') return text(false);
    if (c == '$') return dollar();
    if ((c == 'U' || c == 'u') && peek(1) == '&' && peek(2) == '"') return at_ += 2, quoted_name(true);
    if ((c == 'E' || c == 'e') && peek(1) == '\'') return ++at_, text(true);
    if (is_word_start(c)) return word();
    return ++at_, Token{Mark::other, std::string(1, c)};
  }

 private:
  char peek(std::size_t ahead) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  void skip_space_and_comments() {
    while (at_ < sql_.size()) {
      if (is_space(sql_[at_])) {
        ++at_;
      } else if (sql_[at_] == '-' && peek(1) == '-') {
        while (at_ < sql_.size() && sql_[at_] != '\n' && sql_[at_] != '\r') ++at_;
      } else if (sql_[at_] == '/' && peek(1) == '*') {
        skip_block_comment();
      } else {
        return;
      }
    }
  }
  void skip_block_comment() {
    int depth = 0;
    do {
      if (sql_[at_] == '/' && peek(1) == '*') {
        ++depth;
        at_ += 2;
      } else if (sql_[at_] == '*' && peek(1) == '/') {
        --depth;
        at_ += 2;
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < sql_.size());
  }
  Token word() {
    std::string value;
    while (at_ < sql_.size() && is_word_part(sql_[at_])) value += lower(sql_[at_++]);
    return {Mark::word, cut_name(std::move(value))};
  }
  Token quoted_name(bool unicode) {
    std::string value;
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == '"') {
        if (peek(1) != '"') break;
        ++at_;
      }
      value += sql_[at_];
    }
    ++at_;
    if (!unicode) return {Mark::quoted, cut_name(std::move(value))};
    auto plain = unescape_unicode(value);
    return plain ? Token{Mark::quoted, cut_name(std::move(*plain))} : Token{Mark::other, "U&"};
  }
  Token text(bool escapes) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (escapes && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == '\'') {
        if (peek(1) != '\'') break;
        ++at_;
      }
    }
    ++at_;
    return {Mark::text, {}};
  }
  Token dollar() {
    std::size_t end = at_ + 1;
    while (end < sql_.size() && is_word_part(sql_[end]) && sql_[end] != '$') ++end;
    if (end >= sql_.size() || sql_[end] != '$' || (end > at_ + 1 && !is_word_start(sql_[at_ + 1]))) {
      return ++at_, Token{Mark::other, "$"};
    }
    const std::string_view tag = sql_.substr(at_, end - at_ + 1);
    const std::size_t close = sql_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
    return {Mark::text, {}};
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

bool is_word(const Token& token, std::string_view word) { return token.mark == Mark::word && token.value == word; }
bool is_name(const Token& token) { return token.mark == Mark::word || token.mark == Mark::quoted; }
bool names_role_kind(const Token& token) { return is_word(token, "role") || is_word(token, "user") || is_word(token, "group"); }

/// One statement as tokens; CREATE ROLE name …, ALTER ROLE name RENAME TO name, ALTER ROLE name … PASSWORD, DROP ROLE [IF EXISTS] name, ….
void read_statement(const std::vector<Token>& tokens, std::vector<RoleStatement>& out) {
  if (tokens.size() < 3 || !names_role_kind(tokens[1])) return;
  const Token& third = tokens[2];
  if (is_word(tokens[0], "create")) {
    // CREATE USER MAPPING FOR … is something else; a role may be called mapping all the same.
    if (is_word(third, "mapping") && tokens.size() > 3 && is_word(tokens[3], "for")) return;
    if (is_name(third)) out.push_back({RoleVerb::create, third.value, {}});
  } else if (is_word(tokens[0], "alter") && is_name(third)) {
    if (tokens.size() == 6 && is_word(tokens[3], "rename") && is_word(tokens[4], "to") && is_name(tokens[5])) {
      out.push_back({RoleVerb::rename, third.value, tokens[5].value});
      return;
    }
    for (std::size_t at = 3; at < tokens.size(); ++at) {
      if (is_word(tokens[at], "set") || is_word(tokens[at], "reset")) return;
      if (is_word(tokens[at], "password")) return out.push_back({RoleVerb::set_password, third.value, {}});
    }
  } else if (is_word(tokens[0], "drop")) {
    std::size_t at = is_word(third, "if") && tokens.size() > 4 && is_word(tokens[3], "exists") ? 4 : 2;
    for (; at < tokens.size() && is_name(tokens[at]); at += 2) out.push_back({RoleVerb::drop, tokens[at].value, {}});
  }
}

}  // namespace

RoleQuery role_statements(std::string_view sql) {
  RoleQuery query;
  std::vector<Token> statement;
  Lexer lexer(sql);
  for (Token token = lexer.next();; token = lexer.next()) {
    if (token.mark != Mark::semicolon && token.mark != Mark::end) {
      statement.push_back(std::move(token));
      continue;
    }
    if (!statement.empty()) ++query.statements;
    read_statement(statement, query.roles);
    statement.clear();
    if (token.mark == Mark::end) return query;
  }
}

std::string_view statement_in(std::string_view message) {
  constexpr std::string_view k_simple = "statement: ";
  if (message.starts_with(k_simple)) return message.substr(k_simple.size());
  if (!message.starts_with("execute ")) return {};
  const std::size_t colon = message.find(": ");
  return colon == std::string_view::npos ? std::string_view{} : message.substr(colon + 2);
}

}  // namespace exeunt::connect::postgresql
