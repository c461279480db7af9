// Documents of exceptions are kept as bytes and read back when one is approved: an error, or a request that is written as it was read.
#include "fuzz/fuzz_input.hpp"
#include "plan/exception.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  const auto request = plan::read_exception(text);
  if (!request) return 0;
  fuzz::require(plan::exception_document(*request) == text);
  return 0;
}
