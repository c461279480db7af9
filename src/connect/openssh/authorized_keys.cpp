#include "connect/openssh/authorized_keys.hpp"

#include <algorithm>
#include <cctype>

namespace exeunt::connect {
namespace {

constexpr std::string_view k_blank = " \t";

std::string_view trim_left(std::string_view text) {
  const auto start = text.find_first_not_of(k_blank);
  return start == std::string_view::npos ? std::string_view{} : text.substr(start);
}

/// sshkey_read(): a type name, blanks, base64 up to a blank. The name is not compared: sshd takes short names ("ED25519") too, and the
/// blob carries its own type.
std::optional<PublicKey> key_at_start(std::string_view text, std::string_view& comment) {
  const auto type_end = text.find_first_of(k_blank);
  if (type_end == 0 || type_end == std::string_view::npos) return std::nullopt;
  const auto rest = trim_left(text.substr(type_end));
  const auto blob_end = rest.find_first_of(k_blank);
  const auto blob = decode_base64_leniently(rest.substr(0, blob_end));
  if (!blob) return std::nullopt;
  auto key = parse_key_blob(*blob);
  if (!key) return std::nullopt;
  comment = blob_end == std::string_view::npos ? std::string_view{} : trim_left(rest.substr(blob_end));
  return std::move(*key);
}

/// sshkey_advance_past_options(): to the first blank outside quotes; a backslash keeps a quote from counting.
std::size_t options_end(std::string_view text) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size() && (quoted || k_blank.find(text[at]) == std::string_view::npos); ++at) {
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    }
  }
  return at;
}

/// Some blank-separated word is base64 of an RFC 4251 string with a printable name in front: a key of tomorrow's type, perhaps.
bool looks_like_a_key(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find_first_of(k_blank);
    const auto blob = decode_base64_leniently(text.substr(0, end));
    if (blob && blob->size() > 8 && blob->substr(0, 3) == std::string_view("\0\0\0", 3)) {
      const auto size = static_cast<std::size_t>(static_cast<unsigned char>((*blob)[3]));
      const auto name = std::string_view(*blob).substr(4, size);
      if (size > 2 && size < 100 && name.size() == size &&
          std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; }))
        return true;
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return false;
}

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) != std::tolower(static_cast<unsigned char>(b[i]))) return false;
  }
  return true;
}

/// One option of the list and its value; false at the end.
bool next_option(std::string_view& rest, std::string_view& name, std::optional<std::string>& value) {
  if (rest.empty()) return false;
  const auto name_end = rest.find_first_of("=,");
  name = rest.substr(0, name_end);
  value.reset();
  rest.remove_prefix(name_end == std::string_view::npos ? rest.size() : name_end);
  if (rest.starts_with('=')) {
    rest.remove_prefix(1);
    value.emplace();
    const bool quoted = rest.starts_with('"');
    if (quoted) rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != (quoted ? '"' : ',')) {
      if (quoted && rest.starts_with("\\\"")) rest.remove_prefix(1);
      value->push_back(rest.front());
      rest.remove_prefix(1);
    }
    if (quoted && !rest.empty()) rest.remove_prefix(1);
    const auto comma = rest.find(',');
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma);
  }
  if (rest.starts_with(',')) rest.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::string> AuthorizedLine::option(std::string_view name) const {
  std::string_view rest = options;
  std::string_view found;
  std::optional<std::string> value;
  while (next_option(rest, found, value)) {
    if (same_name(found, name)) return value.value_or("");
  }
  return std::nullopt;
}

AuthorizedKeys parse_authorized_keys(std::string_view file) {
  AuthorizedKeys out;
  for (std::size_t begin = 0; begin < file.size();) {
    const auto newline = file.find('\n', begin);
    const auto end = newline == std::string_view::npos ? file.size() : newline + 1;
    auto text = file.substr(begin, (newline == std::string_view::npos ? file.size() : newline) - begin);
    text = trim_left(text.substr(0, text.find('\0')));  // sshd works on C strings: nothing after a NUL counts
    AuthorizedLine line;
    line.begin = begin;
    line.end = end;
    begin = end;
    if (text.empty() || text.front() == '#' || text.find_first_not_of(" \t\r\v\f") == std::string_view::npos) continue;
    std::string_view comment;
    auto key = key_at_start(text, comment);
    if (!key) {
      const auto after = options_end(text);
      line.options = text.substr(0, after);
      key = key_at_start(trim_left(text.substr(after)), comment);
    }
    if (!key) {
      if (looks_like_a_key(text)) ++out.unclear;
      continue;
    }
    line.key = std::move(*key);
    line.comment = comment;
    line.certificate_authority = line.option("cert-authority").has_value();
    out.keys.push_back(std::move(line));
  }
  return out;
}

std::string without_keys(std::string_view file, const std::set<std::string>& fingerprints) {
  std::string out;
  out.reserve(file.size());
  std::size_t kept_from = 0;
  for (const auto& line : parse_authorized_keys(file).keys) {
    if (!fingerprints.contains(line.key.fingerprint)) continue;
    out.append(file.substr(kept_from, line.begin - kept_from));
    kept_from = line.end;
  }
  out.append(file.substr(kept_from));
  return out;
}

base::Result<std::string> expand_key_file(std::string_view pattern, std::string_view login, std::string_view uid, std::string_view home) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out.push_back(pattern[i]);
      continue;
    }
    const char token = ++i < pattern.size() ? pattern[i] : '\0';
    if (token == 'u') {
      out.append(login);
    } else if (token == 'U') {
      out.append(uid);
    } else if (token == 'h') {
      out.append(home);
    } else if (token == '%') {
      out.push_back('%');
    } else {
      return base::fail(base::Code::invalid_argument, "authorized_keys pattern has a token that sshd_config(5) does not know",
                        "use %u, %U, %h or %%");
    }
  }
  if (!out.starts_with('/')) out = std::string(home) + "/" + out;
  return out;
}

}  // namespace exeunt::connect
