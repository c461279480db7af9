#include "net/header_block.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace exeunt::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(k_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_space) - first + 1);
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return value;
}

}  // namespace

bool HeaderBlock::add_line(std::string_view line) {
  // Counted over every block of one answer: a server that sends informational answers without end is given up too.
  bytes_ += line.size();
  if (bytes_ > bytes_max_) return false;
  if (line.starts_with("HTTP/")) {
    lines_.clear();
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return true;
  lines_.emplace_back(lowered(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1))));
  return true;
}

std::optional<std::string_view> HeaderBlock::find(std::string_view name) const {
  const std::string wanted = lowered(name);
  for (const auto& [key, value] : lines_) {
    if (key == wanted) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> HeaderBlock::all(std::string_view name) const {
  const std::string wanted = lowered(name);
  std::vector<std::string_view> values;
  for (const auto& [key, value] : lines_) {
    if (key == wanted) values.emplace_back(value);
  }
  return values;
}

std::optional<base::Secret> HeaderBlock::cookie(std::string_view name) const {
  std::optional<base::Secret> found;
  for (const std::string_view line : all("set-cookie")) {
    const std::string_view pair = line.substr(0, line.find(';'));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
    const std::string_view value = trimmed(pair.substr(equals + 1));
    found.reset();
    if (!value.empty()) found.emplace(std::string(value));
  }
  return found;
}

std::optional<base::Time> HeaderBlock::date() const {
  const auto text = find("date");
  return text ? parse_http_date(*text) : std::nullopt;
}

std::optional<base::Time> parse_http_date(std::string_view text) {
  constexpr std::string_view k_form = "Sun, 06 Nov 1994 08:49:37 GMT";
  constexpr std::array<std::string_view, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != k_form.size() || !text.ends_with(" GMT") || text[3] != ',' || text[19] != ':' || text[22] != ':') return std::nullopt;
  const auto day = digits(text.substr(5, 2));
  const auto* const month = std::find(k_months.begin(), k_months.end(), text.substr(8, 3));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (!day || month == k_months.end() || !year || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(month - k_months.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return base::Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace exeunt::net
