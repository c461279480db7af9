#include "evidence/canonical.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "base/escape.hpp"
#include "base/json.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::string_view k_hex = "0123456789abcdef";
constexpr std::size_t k_time_length = 24;  // 2026-11-20T17:00:00.000Z
constexpr base::Time k_time_min{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}};
constexpr base::Time k_time_max{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - std::chrono::milliseconds{1}};

constexpr std::uint64_t k_ones = 0x0101010101010101ULL;
constexpr std::uint64_t k_high_bits = 0x8080808080808080ULL;

// How many bytes of it stand for themselves in JSON (no control, quote, backslash, nothing past ASCII). Eight at once (Hacker's Delight §6.1);
// a word may be looked at byte by byte in vain, never passed over wrongly.
std::size_t plain_run(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t care = (word - k_ones * 0x20) | ((word ^ (k_ones * '"')) - k_ones) | ((word ^ (k_ones * '\\')) - k_ones) | word;
    if ((care & k_high_bits) != 0) break;
  }
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
  }
  return at;
}

bool is_plain(std::string_view text) { return plain_run(text) == text.size(); }

void put_digits(char* at, unsigned value, int count) {
  for (int i = count - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

// `wrong` becomes more than nine when one of the bytes is no digit.
template <std::size_t count>
unsigned digits_at(const char* at, unsigned& wrong) {
  unsigned value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned digit = static_cast<unsigned char>(at[i]) - unsigned{'0'};  // a byte below '0' wraps around
    wrong = std::max(wrong, digit);
    value = value * 10 + digit;
  }
  return value;
}

void format_time(base::Time value, char* at) {
  const auto day = std::chrono::floor<std::chrono::days>(value);
  const std::chrono::year_month_day date(day);
  const auto in_day = static_cast<unsigned>((value - day).count());
  std::string_view("0000-00-00T00:00:00.000Z").copy(at, k_time_length);
  put_digits(at, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(at + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(at + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(at + 11, in_day / 3'600'000, 2);
  put_digits(at + 14, in_day / 60'000 % 60, 2);
  put_digits(at + 17, in_day / 1'000 % 60, 2);
  put_digits(at + 20, in_day % 1'000, 3);
}

bool parse_time(std::string_view text, base::Time& value) {
  if (text.size() != k_time_length) return false;
  const char* const at = text.data();
  unsigned wrong = 0;
  const unsigned year = digits_at<4>(at, wrong), month = digits_at<2>(at + 5, wrong), day = digits_at<2>(at + 8, wrong);
  const unsigned hour = digits_at<2>(at + 11, wrong), minute = digits_at<2>(at + 14, wrong), second = digits_at<2>(at + 17, wrong);
  const unsigned millisecond = digits_at<3>(at + 20, wrong);
  if (wrong > 9) return false;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return false;
  value = std::chrono::sys_days(date) + std::chrono::milliseconds(((hour * 60 + minute) * 60 + second) * 1'000 + millisecond);
  return text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':' && text[19] == '.' && text[23] == 'Z';
}

// Eight lower-case hex digits to four bytes. Each byte of `word` is a digit; writing the nibbles back must give the same text.
bool unhex(const char* digits, std::uint8_t* out) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word = 0;
  std::memcpy(&word, digits, 8);
  const std::uint64_t letters = word >> 6U & k_ones;
  const std::uint64_t nibbles = (word & k_ones * 15) + letters * 9;
  const std::uint64_t past_fifteen = nibbles & k_ones * 0xF0;  // `g` and what follows it
  const std::uint64_t above_nine = (nibbles + k_ones * 6) >> 4U & k_ones;
  std::uint64_t bytes = (nibbles << 4U | nibbles >> 8U) & 0x00FF00FF00FF00FFULL;
  bytes = (bytes | bytes >> 8U) & 0x0000FFFF0000FFFFULL;
  bytes |= bytes >> 16U;
  std::memcpy(out, &bytes, 4);
  return past_fifteen == 0 && nibbles + k_ones * '0' + above_nine * ('a' - '0' - 10) == word;
}

}  // namespace

CanonicalWriter::CanonicalWriter() {
  out_.reserve(640);  // a leaf of usual size, without growing
  out_.push_back('{');
}

void CanonicalWriter::begin(std::string_view name) {
  if (out_.size() > 1) out_.push_back(',');
  out_.push_back('"');
  out_.append(name);
  out_.append("\":");
}

void CanonicalWriter::text(std::string_view name, std::string_view value) {
  begin(name);
  if (is_plain(value)) {
    out_.push_back('"');
    out_.append(value);
    out_.push_back('"');
    return;
  }
  // Replacing invalid bytes would let two different values hash alike.
  if (!base::is_valid_utf8(value)) wrong_ = name;
  base::append_json_string(out_, value);
}

void CanonicalWriter::integer(std::string_view name, std::int64_t value) {
  if (value > k_json_integer_max || value < -k_json_integer_max) wrong_ = name;
  begin(name);
  char digits[24];
  const auto written = std::to_chars(digits, digits + sizeof digits, value);
  out_.append(digits, written.ptr);
}

void CanonicalWriter::hash(std::string_view name, const base::Hash32& value) {
  begin(name);
  char digits[66];
  char* at = digits;
  *at++ = '"';
  for (const std::uint8_t byte : value) {
    *at++ = k_hex[byte >> 4U];
    *at++ = k_hex[byte & 15U];
  }
  *at = '"';
  out_.append(digits, sizeof digits);
}

void CanonicalWriter::time(std::string_view name, base::Time value) {
  begin(name);
  char text[k_time_length + 2] = {};
  if (value < k_time_min || value > k_time_max) {
    wrong_ = name;
  } else {
    format_time(value, text + 1);
  }
  text[0] = text[k_time_length + 1] = '"';
  out_.append(text, sizeof text);
}

void CanonicalWriter::flag(std::string_view name, bool value) {
  begin(name);
  out_.append(value ? "true" : "false");
}

void CanonicalWriter::json(std::string_view name, std::string_view canonical) {
  begin(name);
  out_.append(canonical);
}

base::Result<std::string> CanonicalWriter::finish() {
  out_.push_back('}');
  if (!wrong_.empty()) {
    return base::fail(base::Code::invalid_argument, "leaf: \"" + std::string(wrong_) + "\" has no canonical form",
                      "text must be UTF-8, numbers within 2^53, years within 0000 to 9999");
  }
  return std::move(out_);
}

CanonicalReader::CanonicalReader(std::string_view bytes) : rest_(bytes) {
  if (take('{')) {
    next_member(true);
  } else {
    refuse("it does not begin with {");
  }
}

// The name of the member that follows, so that asking for one that is absent costs a comparison of two short texts.
void CanonicalReader::next_member(bool first) {
  next_ = {};
  std::string_view rest = rest_;
  if (!first) {
    if (rest.empty() || rest.front() != ',') return;
    rest.remove_prefix(1);
  }
  if (rest.empty() || rest.front() != '"') return;
  const std::size_t end = rest.find('"', 1);
  if (end == std::string_view::npos || end + 1 >= rest.size() || rest[end + 1] != ':') return;
  next_ = rest.substr(1, end - 1);
}

bool CanonicalReader::take(char expected) {
  if (rest_.empty() || rest_.front() != expected) return false;
  rest_.remove_prefix(1);
  return true;
}

void CanonicalReader::refuse(std::string_view why) {
  next_ = {};  // nothing more is found
  if (!wrong_.empty()) return;
  wrong_ = member_.empty() ? std::string(why) : "\"" + std::string(member_) + "\": " + std::string(why);
}

void CanonicalReader::enter() {
  const char* const value = next_.data() + next_.size() + 2;  // behind `":`
  rest_ = std::string_view(value, static_cast<std::size_t>(rest_.data() + rest_.size() - value));
  member_ = next_;
}

std::string_view CanonicalReader::plain(std::string_view what) {
  const std::size_t end = rest_.empty() || rest_.front() != '"' ? std::string_view::npos : rest_.find('"', 1);
  if (end == std::string_view::npos) {
    refuse(what);
    return {};
  }
  const std::string_view value = rest_.substr(1, end - 1);
  rest_.remove_prefix(end + 1);
  next_member(false);
  return value;
}

void CanonicalReader::text(std::string& value) {
  if (rest_.empty() || rest_.front() != '"') return refuse("is no string");
  const std::size_t length = plain_run(rest_.substr(1));
  if (length + 1 >= rest_.size()) return refuse("is no string");
  if (rest_[length + 1] != '"') return escaped(value);
  value.assign(rest_.data() + 1, length);
  rest_.remove_prefix(length + 2);
  next_member(false);
}

void CanonicalReader::escaped(std::string& value) {
  std::size_t end = 1;
  while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
  if (end >= rest_.size()) return refuse("is no string");
  const std::string_view literal = rest_.substr(0, end + 1);
  const auto parsed = base::parse_json(literal);
  if (!parsed || !parsed->is_string()) return refuse("is no string");
  value.assign(parsed->get_string().data(), parsed->get_string().size());
  std::string again;
  base::append_json_string(again, value);
  if (again != literal) return refuse("is not written canonically");
  rest_.remove_prefix(end + 1);
  next_member(false);
}

void CanonicalReader::integer(std::int64_t& value) {
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (error != std::errc{} || value > k_json_integer_max || value < -k_json_integer_max) return refuse("is no whole number within 2^53");
  char digits[24];
  const auto written = std::to_chars(digits, digits + sizeof digits, value);
  const std::string_view literal = rest_.substr(0, static_cast<std::size_t>(end - rest_.data()));
  if (literal != std::string_view(digits, written.ptr)) return refuse("is not written canonically");
  rest_.remove_prefix(literal.size());
  next_member(false);
}

void CanonicalReader::hash(base::Hash32& value) {
  const std::string_view digits = plain("is no string");
  if (digits.size() != value.size() * 2) return refuse("is no digest of 64 hex digits");
  bool right = true;
  for (std::size_t i = 0; i < value.size(); i += 4) right = unhex(digits.data() + 2 * i, value.data() + i) && right;
  if (!right) refuse("is no digest of 64 lower-case hex digits");
}

void CanonicalReader::time(base::Time& value) {
  if (!parse_time(plain("is no string"), value)) refuse("is no time of the form 2026-11-20T17:00:00.000Z");
}

base::Status CanonicalReader::finish() {
  if (wrong_.empty() && rest_ != "}") {
    wrong_ = "unknown member, wrong order or trailing text at `" + base::escape_terminal(rest_.substr(0, 32)) + "`";
  }
  if (wrong_.empty()) return {};
  return base::fail(base::Code::data_loss, "leaf: " + wrong_, "run `exeunt doctor`; the stored bytes are not what was written");
}

}  // namespace exeunt::evidence
