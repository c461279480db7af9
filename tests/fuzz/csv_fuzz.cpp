// people.csv and links.csv come from other systems: any bytes give rows or an error.
#include "base/csv.hpp"
#include "base/escape.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto rows = base::parse_csv(fuzz::text_of(data, size), {.rows_max = 10'000, .field_bytes_max = 4096});
  if (!rows) return 0;
  for (const auto& row : *rows) {
    fuzz::require(row.line > 0);
    for (const auto& field : row.fields) fuzz::require(base::is_valid_utf8(field));
  }
  return 0;
}
