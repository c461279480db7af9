// Any bytes: an error or a value; what was written canonically reads back as the same bytes.
#include "base/json.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = base::parse_json(fuzz::text_of(data, size));
  if (!value) return 0;
  const std::string canonical = base::canonical_json(*value);
  const auto again = base::parse_json(canonical);
  fuzz::require(again.has_value());
  fuzz::require(base::canonical_json(*again) == canonical);
  return 0;
}
