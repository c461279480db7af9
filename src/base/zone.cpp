#include "base/zone.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/file.hpp"

namespace exeunt::base {
namespace {

using namespace std::chrono;

constexpr std::string_view k_folder = "/usr/share/zoneinfo/";
constexpr std::size_t k_header_bytes = 44;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = bytes.empty() || (static_cast<unsigned char>(bytes[0]) & 0x80U) == 0 ? 0 : ~std::uint64_t{0};
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

struct Header {
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, characters = 0;
  char version = 0;

  [[nodiscard]] std::size_t body_bytes(std::size_t time_bytes) const {
    return times * time_bytes + times + types * 6 + characters + leaps * (time_bytes + 4) + standard_flags + utc_flags;
  }
};

std::optional<Header> read_header(std::string_view text) {
  if (text.size() < k_header_bytes || text.substr(0, 4) != "TZif") return std::nullopt;
  const auto count = [&](std::size_t index) { return static_cast<std::size_t>(big_endian(text.substr(20 + index * 4, 4)) & 0xFFFFFFFF); };
  Header header{count(0), count(1), count(2), count(3), count(4), count(5), text[4]};
  // No zone has more than a few hundred changes; a limit keeps the products below from overflowing.
  for (const std::size_t n : {header.utc_flags, header.standard_flags, header.leaps, header.times, header.types, header.characters}) {
    if (n > 100'000) return std::nullopt;
  }
  if (header.types == 0) return std::nullopt;
  return header;
}

bool take_int(std::string_view& text, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// [+-]hh[:mm[:ss]]
std::optional<seconds> take_time(std::string_view& text) {
  const bool minus = take(text, '-');
  if (!minus) take(text, '+');
  int hours_part = 0, minutes_part = 0, seconds_part = 0;
  if (!take_int(text, hours_part)) return std::nullopt;
  if (take(text, ':') && !take_int(text, minutes_part)) return std::nullopt;
  if (take(text, ':') && !take_int(text, seconds_part)) return std::nullopt;
  const seconds total = hours(hours_part) + minutes(minutes_part) + seconds(seconds_part);
  return minus ? -total : total;
}

bool take_name(std::string_view& text) {
  if (take(text, '<')) {
    const auto end = text.find('>');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
    return true;
  }
  std::size_t length = 0;
  while (length < text.size() && ((text[length] | 0x20) >= 'a' && (text[length] | 0x20) <= 'z')) ++length;
  text.remove_prefix(length);
  return length >= 3;
}

tl::unexpected<Error> broken() { return fail(Code::data_loss, "the time zone file is broken", "install the package tzdata again"); }

}  // namespace

Result<Zone> Zone::load(std::string_view name) {
  const bool plain =
      !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '_' || c == '-' || c == '+';
      });
  const std::string next = "use a name of the IANA database, as Europe/Vienna; it comes with the package tzdata";
  std::error_code error;
  const std::filesystem::path path = std::string(k_folder) + std::string(name);
  if (!plain || !std::filesystem::is_regular_file(path, error)) {
    return fail(Code::not_found, "there is no time zone \"" + std::string(name) + "\"", next);
  }
  EXEUNT_TRY_ASSIGN(const std::string content, read_file(path, 1024 * 1024));
  return parse(content);
}

Result<Zone> Zone::parse(std::string_view tzif) {
  const auto first = read_header(tzif);
  if (!first) return broken();
  std::string_view rest = tzif.substr(k_header_bytes);
  Header header = *first;
  std::size_t time_bytes = 4;
  if (header.version >= '2') {  // the second block holds 64-bit times; the first is for old readers
    if (rest.size() < header.body_bytes(4)) return broken();
    rest.remove_prefix(header.body_bytes(4));
    const auto second = read_header(rest);
    if (!second) return broken();
    header = *second;
    rest.remove_prefix(k_header_bytes);
    time_bytes = 8;
  }
  if (rest.size() < header.body_bytes(time_bytes)) return broken();
  const std::string_view indices = rest.substr(header.times * time_bytes, header.times);
  const std::string_view types = rest.substr(header.times * (time_bytes + 1), header.types * 6);
  const auto offset_of = [&](std::size_t type) { return static_cast<std::int32_t>(big_endian(types.substr(type * 6, 4))); };
  Zone zone;
  zone.first_offset_ = offset_of(0);
  for (std::size_t i = 0; i < header.times; ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    const std::int64_t instant = big_endian(rest.substr(i * time_bytes, time_bytes));
    if (type >= header.types || (i > 0 && instant <= zone.instants_.back())) return broken();
    zone.instants_.push_back(instant);
    zone.offsets_.push_back(offset_of(type));
  }
  rest.remove_prefix(header.body_bytes(time_bytes));
  if (time_bytes == 8 && rest.size() > 2 && rest.front() == '\n' && rest.back() == '\n') {
    zone.footer_ = parse_footer(rest.substr(1, rest.size() - 2));
    if (!zone.footer_) return broken();
  }
  return zone;
}

std::optional<Zone::Footer> Zone::parse_footer(std::string_view text) {
  Footer footer;
  if (!take_name(text)) return std::nullopt;
  const auto west = take_time(text);  // POSIX counts west of Greenwich as positive
  if (!west) return std::nullopt;
  footer.standard = -*west;
  if (text.empty()) return footer;
  if (!take_name(text)) return std::nullopt;
  footer.summer = footer.standard + hours(1);
  if (!text.empty() && text.front() != ',') {
    const auto summer_west = take_time(text);
    if (!summer_west) return std::nullopt;
    footer.summer = -*summer_west;
  }
  const auto begins = take(text, ',') ? parse_rule(text) : std::nullopt;
  const auto ends = take(text, ',') ? parse_rule(text) : std::nullopt;
  if (!begins || !ends || !text.empty()) return std::nullopt;
  footer.begins = *begins;
  footer.ends = *ends;
  return footer;
}

std::optional<Zone::YearlyRule> Zone::parse_rule(std::string_view& text) {
  YearlyRule rule;
  if (take(text, 'M')) {
    if (!take_int(text, rule.month) || !take(text, '.') || !take_int(text, rule.week) || !take(text, '.') || !take_int(text, rule.day)) {
      return std::nullopt;
    }
    if (rule.month < 1 || rule.month > 12 || rule.week < 1 || rule.week > 5 || rule.day < 0 || rule.day > 6) return std::nullopt;
  } else {
    rule.form = take(text, 'J') ? 'J' : '0';
    if (!take_int(text, rule.day) || rule.day < 0 || rule.day > 365) return std::nullopt;
  }
  if (take(text, '/')) {
    const auto time = take_time(text);
    if (!time) return std::nullopt;
    rule.time = *time;
  }
  return rule;
}

Zone::Seconds Zone::YearlyRule::at(int in_year) const {
  const year y(in_year);
  sys_days date = sys_days(y / January / 1);
  if (form == 'M') {
    const auto m = std::chrono::month(static_cast<unsigned>(month));
    const weekday w(static_cast<unsigned>(day));
    date = week == 5 ? sys_days(y / m / w[last]) : sys_days(y / m / w[static_cast<unsigned>(week)]);
  } else if (form == 'J') {
    date += days(day - 1 + (y.is_leap() && day >= 60 ? 1 : 0));
  } else {
    date += days(day);
  }
  return seconds(date.time_since_epoch()) + time;
}

Zone::Seconds Zone::offset_by_footer(Seconds utc) const {
  const Footer& footer = *footer_;
  if (!footer.summer) return footer.standard;
  const int in_year = static_cast<int>(year_month_day(floor<days>(sys_seconds(utc + footer.standard))).year());
  const Seconds begins = footer.begins.at(in_year) - footer.standard;
  const Seconds ends = footer.ends.at(in_year) - *footer.summer;
  const bool summer = begins < ends ? utc >= begins && utc < ends : utc >= begins || utc < ends;  // the second: south of the equator
  return summer ? *footer.summer : footer.standard;
}

Zone::Seconds Zone::offset_at(Seconds utc) const {
  const auto next = std::upper_bound(instants_.begin(), instants_.end(), utc.count());
  if (next == instants_.end() && footer_) return offset_by_footer(utc);
  if (next == instants_.begin()) return Seconds(first_offset_);
  return Seconds(offsets_[static_cast<std::size_t>(next - instants_.begin() - 1)]);
}

std::optional<Zone::Seconds> Zone::to_utc(Seconds local) const {
  std::set<Seconds> candidates{Seconds(first_offset_)};
  for (const std::int32_t offset : offsets_) candidates.insert(Seconds(offset));
  if (footer_) {
    candidates.insert(footer_->standard);
    if (footer_->summer) candidates.insert(*footer_->summer);
  }
  // The greatest offset gives the earliest instant.
  for (auto offset = candidates.rbegin(); offset != candidates.rend(); ++offset) {
    if (offset_at(local - *offset) == *offset) return local - *offset;
  }
  return std::nullopt;
}

}  // namespace exeunt::base
