#include "base/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/zone.hpp"

namespace exeunt::base {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

// A wait is cut into pieces of a day: the standard library adds the length to "now" without looking at overflow.
constexpr Duration k_wait_max = std::chrono::hours(24);

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

bool take_number(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits) return false;
  const std::string_view part = text.substr(0, digits);
  if (!std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  std::from_chars(part.data(), part.data() + digits, out);
  text.remove_prefix(digits);
  return true;
}

bool take_one_of(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date_and_minutes(std::string_view& text, Fields& f, std::string_view between) {
  return take_number(text, 4, f.year) && take_one_of(text, "-") && take_number(text, 2, f.month) && take_one_of(text, "-") &&
         take_number(text, 2, f.day) && take_one_of(text, between) && take_number(text, 2, f.hour) && take_one_of(text, ":") &&
         take_number(text, 2, f.minute);
}

Result<std::chrono::sys_seconds> to_instant(const Fields& f, std::string_view original) {
  const year_month_day date{std::chrono::year(f.year), std::chrono::month(static_cast<unsigned>(f.month)),
                            std::chrono::day(static_cast<unsigned>(f.day))};
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 59) {
    return fail(Code::invalid_argument, "\"" + std::string(original) + "\" is no time of the calendar");
  }
  return sys_days(date) + std::chrono::hours(f.hour) + std::chrono::minutes(f.minute) + std::chrono::seconds(f.second);
}

bool take_fraction(std::string_view& text, int& milliseconds) {
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 3) milliseconds = milliseconds * 10 + (text.front() - '0');
  }
  for (int i = digits; i < 3; ++i) milliseconds *= 10;
  return digits > 0;
}

bool take_offset(std::string_view& text, std::chrono::minutes& offset) {
  if (take_one_of(text, "Zz")) return true;
  const bool minus = !text.empty() && text.front() == '-';
  int hours = 0;
  int minutes = 0;
  if (!take_one_of(text, "+-") || !take_number(text, 2, hours) || !take_one_of(text, ":") || !take_number(text, 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  offset = std::chrono::minutes((hours * 60 + minutes) * (minus ? -1 : 1));
  return true;
}

}  // namespace

Time SystemClock::now() const { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

Duration SystemClock::steady() const { return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()); }

bool SystemClock::wait_for(std::unique_lock<std::mutex>& lock, std::condition_variable& condition, Duration timeout,
                           const std::function<bool()>& wake) const {
  while (timeout > k_wait_max) {
    if (condition.wait_for(lock, k_wait_max, wake)) return true;
    timeout -= k_wait_max;
  }
  return condition.wait_for(lock, timeout, wake);
}

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const year_month_day date(day);
  const auto in_day = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), in_day / 3'600'000, in_day / 60'000 % 60, in_day / 1000 % 60, in_day % 1000);
}

Result<Time> from_rfc3339(std::string_view text) {
  const std::string_view original = text;
  const auto refuse = [&] { return fail(Code::invalid_argument, "\"" + std::string(original) + "\" is no RFC 3339 time"); };
  Fields fields;
  if (!take_date_and_minutes(text, fields, "Tt ") || !take_one_of(text, ":") || !take_number(text, 2, fields.second)) return refuse();
  int milliseconds = 0;
  if (take_one_of(text, ".") && !take_fraction(text, milliseconds)) return refuse();
  std::chrono::minutes offset{0};
  if (!take_offset(text, offset) || !text.empty()) return refuse();
  EXEUNT_TRY_ASSIGN(const auto instant, to_instant(fields, original));
  return Time(instant - offset) + Duration(milliseconds);
}

Result<Time> from_local(std::string_view local_time, std::string_view zone) {
  std::string_view text = local_time;
  Fields fields;
  bool whole = take_date_and_minutes(text, fields, " T");
  if (whole && !text.empty()) whole = take_one_of(text, ":") && take_number(text, 2, fields.second) && text.empty();
  if (!whole) {
    return fail(Code::invalid_argument, "\"" + std::string(local_time) + "\" is no local time", "write it as 2026-11-20 17:00");
  }
  EXEUNT_TRY_ASSIGN(const auto as_if_utc, to_instant(fields, local_time));
  EXEUNT_TRY_ASSIGN(const Zone rules, Zone::load(zone));
  const auto instant = rules.to_utc(as_if_utc.time_since_epoch());
  if (!instant) {
    return fail(Code::invalid_argument, "the clocks of " + std::string(zone) + " skip \"" + std::string(local_time) + "\"",
                "name a time before or after the change");
  }
  return Time(*instant);
}

}  // namespace exeunt::base
