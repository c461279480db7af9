// Plans are kept as bytes and read back by newer binaries: an error, or a plan that is written as it was read.
#include "fuzz/fuzz_input.hpp"
#include "plan/plan.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto plan = plan::from_bytes(fuzz::text_of(data, size));
  if (!plan) return 0;
  const std::string bytes = plan::to_bytes(*plan);
  const auto again = plan::from_bytes(bytes);
  fuzz::require(again.has_value() && plan::to_bytes(*again) == bytes);
  static_cast<void>(plan::explain(*plan));
  static_cast<void>(plan::runbook(*plan));
  return 0;
}
