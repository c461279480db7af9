// Compiled time zones are files of the machine; a broken one gives an error, never a wild read or an endless search.
#include "base/zone.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto zone = base::Zone::parse(fuzz::text_of(data, size));
  if (!zone) return 0;
  for (const std::int64_t second :
       {std::int64_t{0}, std::int64_t{1'700'000'000}, std::int64_t{-3'000'000'000}, std::int64_t{4'102'444'800}}) {
    static_cast<void>(zone->offset_at(base::Zone::Seconds(second)));
    static_cast<void>(zone->to_utc(base::Zone::Seconds(second)));
  }
  return 0;
}
