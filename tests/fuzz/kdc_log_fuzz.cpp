// Names in the KDC's log are whatever a client writes: a success is only what the server itself wrote at that place.
#include "connect/kerberos/kdc_log.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto read = connect::kerberos::read_issued(text, {"alice@R"});
  fuzz::require(read.issued.empty() || read.first.has_value());
  for (const auto& issued : read.issued) {
    fuzz::require(issued.is_for("alice@R") && !issued.from.empty() && issued.from.find(' ') == std::string::npos);
    fuzz::require(issued.at.time_since_epoch().count() > 0);
  }
  return 0;
}
