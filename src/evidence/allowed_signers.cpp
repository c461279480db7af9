#include "evidence/allowed_signers.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace exeunt::evidence {
namespace {

constexpr std::size_t k_line_bytes_max = 16'384;
constexpr std::size_t k_signers_max = 10'000;
constexpr std::string_view k_space = " \t";

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(base::Code::invalid_argument, "allowed_signers: " + std::move(what), "write it as ssh-keygen(1) says");
}
tl::unexpected<base::Error> unsupported(std::string what, std::string next) {
  return base::fail(base::Code::unimplemented, "allowed_signers: " + std::move(what), std::move(next));
}

void skip_space(std::string_view& rest) { rest.remove_prefix(std::min(rest.find_first_not_of(k_space), rest.size())); }

/// The next word and the space after it; spaces between double quotes belong to the word.
std::optional<std::string_view> take_word(std::string_view& rest) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || k_space.find(rest[end]) == std::string_view::npos); ++end) {
    if (quoted && rest[end] == '\\' && end + 1 < rest.size() && rest[end + 1] == '"') {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    }
  }
  if (quoted || end == 0) return std::nullopt;
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  skip_space(rest);
  return word;
}

/// What stands between the quotes of an option's value; within them only a quote is escaped.
std::optional<std::string> unquote(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '"') return std::nullopt;
    if (value[i] == '\\' && i + 1 < value.size() && value[i + 1] == '"') ++i;
    out.push_back(value[i]);
  }
  return out;
}

std::optional<int> read_digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ.
base::Result<base::Time> read_time(std::string_view text) {
  const auto wrong = [&] { return refuse("a time is not YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ"); };
  const bool zoned = text.ends_with('Z');
  if (zoned) text.remove_suffix(1);
  if (text.size() != 8 && text.size() != 12 && text.size() != 14) return wrong();
  const auto year = read_digits(text, 0, 4), month = read_digits(text, 4, 2), day = read_digits(text, 6, 2);
  const auto hour = text.size() > 8 ? read_digits(text, 8, 2) : 0, minute = text.size() > 8 ? read_digits(text, 10, 2) : 0;
  const auto second = text.size() > 12 ? read_digits(text, 12, 2) : 0;
  if (!year || !month || !day || !hour || !minute || !second) return wrong();
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *year < 1970 || *hour > 23 || *minute > 59 || *second > 59) return wrong();
  if (!zoned) {
    return unsupported("a time does not end with Z: it would mean another instant on every machine",
                       "write it in UTC, with a Z at its end");
  }
  return base::Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

template <class T>
base::Status set_once(std::optional<T>& member, std::string_view name, T value) {
  if (member) return refuse(std::string(name) + " stands twice in a line");
  member = std::move(value);
  return {};
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

base::Status read_option(std::string_view option, AllowedSigner& out) {
  const std::size_t equals = option.find('=');
  const std::string name = lower_case(option.substr(0, equals));
  if (name == "cert-authority") {
    return unsupported("certificate authorities (cert-authority) are not read: every signer's own key must be listed",
                       "list the keys of the persons themselves");
  }
  if (name != "namespaces" && name != "valid-after" && name != "valid-before") {
    return refuse("an option is none of namespaces, valid-after, valid-before, cert-authority");
  }
  const auto value = equals == std::string_view::npos ? std::nullopt : unquote(option.substr(equals + 1));
  if (!value || value->empty()) return refuse("the value of " + name + " does not stand between double quotes, or is empty");
  if (name == "namespaces") return set_once(out.namespaces, name, *value);
  EXEUNT_TRY_ASSIGN(const base::Time time, read_time(*value));
  return set_once(name == "valid-after" ? out.valid_after : out.valid_before, name, time);
}

base::Status read_options(std::string_view options, AllowedSigner& out) {
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= options.size(); ++i) {
    if (i < options.size() && options[i] == '\\' && quoted && i + 1 < options.size() && options[i + 1] == '"') {
      ++i;
    } else if (i < options.size() && options[i] == '"') {
      quoted = !quoted;
    } else if (i == options.size() || (options[i] == ',' && !quoted)) {
      EXEUNT_TRY(read_option(options.substr(begin, i - begin), out));
      begin = i + 1;
    }
  }
  if (out.valid_after && out.valid_before && *out.valid_before <= *out.valid_after) return refuse("a key's time ends before it begins");
  return {};
}

bool matches_pattern(std::string_view text, std::string_view pattern) {
  // Back to the last star is far enough: an earlier one could take nothing that the last one cannot.
  std::size_t at = 0, in_pattern = 0, star = std::string_view::npos, after_star = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      after_star = at;
    } else if (in_pattern < pattern.size() && (pattern[in_pattern] == '?' || pattern[in_pattern] == text[at])) {
      ++at;
      ++in_pattern;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

bool is_key_type(std::string_view word) {
  return word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-ssh-") || word.starts_with("sk-ecdsa-") ||
         word.starts_with("rsa-sha2-");
}

/// Why this line does not let its key sign; empty: it does.
std::string why_not(const AllowedSigner& signer, std::string_view name_space, base::Time at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  if (signer.namespaces && !matches_pattern_list(name_space, *signer.namespaces)) return "not for " + std::string(name_space);
  if (signer.valid_after && second < *signer.valid_after) return "only from " + base::to_rfc3339(*signer.valid_after) + " on";
  if (signer.valid_before && second > *signer.valid_before) return "only until " + base::to_rfc3339(*signer.valid_before);
  return {};
}

}  // namespace

bool matches_pattern_list(std::string_view text, std::string_view patterns) {
  bool matched = false;
  while (true) {
    const std::size_t comma = patterns.find(',');
    std::string_view pattern = patterns.substr(0, comma);
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (matches_pattern(text, pattern)) {
      if (negated) return false;
      matched = true;
    }
    if (comma == std::string_view::npos) return matched;
    patterns.remove_prefix(comma + 1);
  }
}

base::Result<std::optional<AllowedSigner>> read_allowed_signer(std::string_view line) {
  if (line.size() > k_line_bytes_max) return refuse("a line is longer than 16,384 bytes");
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find_first_of(std::string_view("\n\0", 2)) != std::string_view::npos) return refuse("a line holds a newline or a zero byte");
  skip_space(line);
  if (line.empty() || line.front() == '#') return std::nullopt;
  AllowedSigner out;
  auto word = take_word(line);
  if (!word) return refuse("a quote is not closed");
  if (word->find('"') != std::string_view::npos) {
    const auto principals = unquote(*word);
    if (!principals) return refuse("the quotes around the principals are not at their begin and end");
    out.principals = *principals;
  } else {
    out.principals = *word;
  }
  if (out.principals.empty()) return refuse("a line names no principal");
  word = take_word(line);
  if (word && !is_key_type(*word)) {
    EXEUNT_TRY(read_options(*word, out));
    word = take_word(line);
  }
  const auto base64 = take_word(line);
  if (!word || !base64) return refuse("a line has no key after its principals and options, or a quote in it is not closed");
  EXEUNT_TRY_ASSIGN(out.key, read_ssh_key(*word, *base64));
  return out;
}

base::Result<std::vector<AllowedSigner>> read_allowed_signers(std::string_view text) {
  std::vector<AllowedSigner> signers;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto signer = read_allowed_signer(text.substr(0, end));
    if (!signer) return base::fail(std::move(signer).error().about("line " + std::to_string(number)));
    if (*signer) signers.push_back(std::move(**signer));
    if (signers.size() > k_signers_max) return refuse("it has more than 10,000 keys");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return signers;
}

base::Status verify_signed_by(std::span<const AllowedSigner> signers, std::string_view principal, std::string_view name_space,
                              base::Time at, std::string_view message, const SshSignature& signature) {
  std::string reason = "no line lists it for " + std::string(principal);
  for (const AllowedSigner& signer : signers) {
    if (signer.key != signature.key || !matches_pattern_list(principal, signer.principals)) continue;
    const std::string why = why_not(signer, name_space, at);
    if (why.empty()) return verify_sshsig(signature, message, name_space);
    reason = "it is listed for " + std::string(principal) + ", " + why;
  }
  return base::fail(base::Code::permission_denied, "SSH signature: by the key " + signature.key.fingerprint() + ": " + reason,
                    "have it signed with a key that allowed_signers lists, or see who made it");
}

}  // namespace exeunt::evidence
