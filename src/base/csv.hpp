// CSV as RFC 4180 has it: quoted fields may hold commas, quotes and line breaks. For files that people and other systems write.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace exeunt::base {

struct CsvRow {
  std::size_t line = 0;  // where the row begins, from 1
  std::vector<std::string> fields;
};
struct CsvLimits {
  std::size_t rows_max = 1'000'000;
  std::size_t field_bytes_max = 64 * 1024;
};

/// All rows; LF or CRLF ends one, empty lines are skipped, a UTF-8 byte-order mark at the beginning is dropped.
/// invalid_argument naming the line: an open or misplaced quote, text after a closing quote, a NUL, invalid UTF-8; resource_exhausted past the limits.
[[nodiscard]] Result<std::vector<CsvRow>> parse_csv(std::string_view text, CsvLimits limits = {});
/// As parse_csv, with a first row that is exactly `header` and every further row of the same number of fields. The header is not among the rows.
[[nodiscard]] Result<std::vector<CsvRow>> parse_csv_table(std::string_view text, const std::vector<std::string>& header,
                                                          CsvLimits limits = {});

}  // namespace exeunt::base
