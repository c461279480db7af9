// One time zone of the IANA database as compiled files (TZif, RFC 8536) in /usr/share/zoneinfo. g++ 12 has no std::chrono::locate_zone, and
// glibc's TZ variable is one for the whole process: reading the file is thread-safe and names what is wrong with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace exeunt::base {

class Zone {
 public:
  using Seconds = std::chrono::seconds;

  /// not_found for a name that the database does not have (or where there is no database); data_loss for a broken file.
  [[nodiscard]] static Result<Zone> load(std::string_view name);
  [[nodiscard]] static Result<Zone> parse(std::string_view tzif);

  /// Offset from UTC at an instant (seconds since 1970 UTC).
  [[nodiscard]] Seconds offset_at(Seconds utc) const;
  /// Wall time (as if it were UTC) to UTC: the earlier of two, nullopt where the clocks skip it.
  [[nodiscard]] std::optional<Seconds> to_utc(Seconds local) const;

 private:
  /// A rule of the footer: when in each year the clocks change (POSIX.1 TZ, RFC 8536 §3.3).
  struct YearlyRule {
    char form = 'M';  // M: month.week.weekday, J: day of year without 29 February, 0: day of year from 0
    int month = 0, week = 0, day = 0;
    Seconds time{7200};
    [[nodiscard]] Seconds at(int year) const;  // local seconds since 1970
  };
  struct Footer {
    Seconds standard{0};
    std::optional<Seconds> summer;
    YearlyRule begins, ends;
  };
  [[nodiscard]] static std::optional<Footer> parse_footer(std::string_view text);
  [[nodiscard]] static std::optional<YearlyRule> parse_rule(std::string_view& text);
  [[nodiscard]] Seconds offset_by_footer(Seconds utc) const;

  std::vector<std::int64_t> instants_;  // ascending, UTC
  std::vector<std::int32_t> offsets_;   // from instants_[i] on
  std::int32_t first_offset_ = 0;       // before the first instant
  std::optional<Footer> footer_;        // after the last instant
};

}  // namespace exeunt::base
