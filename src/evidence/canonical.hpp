// Writes and reads the one canonical form (RFC 8785) of a flat JSON object whose member names are known and asked for in sorted order.
// The hot path of every leaf: no document tree, no allocation but for the strings themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace exeunt::evidence {

inline constexpr std::int64_t k_json_integer_max =
    9'007'199'254'740'991;  // 2^53-1: what every JSON reader keeps exactly (RFC 8785 §3.2.2.3)

/// Members must be added in the order of their names. The first value that has no canonical form makes `finish` fail (invalid_argument).
class CanonicalWriter {
 public:
  CanonicalWriter();
  void text(std::string_view name, std::string_view value);
  void integer(std::string_view name, std::int64_t value);
  void hash(std::string_view name, const base::Hash32& value);  // 64 lower-case hex digits
  void time(std::string_view name, base::Time value);           // RFC 3339 UTC with milliseconds, years 0000 to 9999
  void flag(std::string_view name, bool value);
  void json(std::string_view name, std::string_view canonical);  // bytes that are canonical already
  [[nodiscard]] base::Result<std::string> finish();

 private:
  void begin(std::string_view name);
  std::string out_;
  std::string_view wrong_;  // member that could not be written
};

/// Asks for members in the same order; `finish` fails (data_loss) unless the bytes are exactly what CanonicalWriter writes for what was read.
class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view bytes);
  /// True: the member is next, and its value must be read. Inline: asked some twenty times a leaf, mostly in vain.
  [[nodiscard]] bool has(std::string_view name) {
    if (next_.size() != name.size() || next_.empty() || next_.front() != name.front() || next_ != name) return false;
    enter();
    return true;
  }
  void text(std::string& value);
  void integer(std::int64_t& value);
  void hash(base::Hash32& value);
  void time(base::Time& value);
  [[nodiscard]] base::Status finish();

 private:
  [[nodiscard]] bool take(char expected);
  void next_member(bool first);
  void enter();  // to the value of the member that is next
  void refuse(std::string_view why);
  [[nodiscard]] std::string_view plain(std::string_view what);  // a string without escapes
  void escaped(std::string& value);
  std::string_view rest_;
  std::string_view next_;    // name of the member that follows; empty: there is none
  std::string_view member_;  // whose value is being read
  std::string wrong_;
};

}  // namespace exeunt::evidence
