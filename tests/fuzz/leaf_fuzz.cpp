// Leaves are read back from a file that somebody may have edited: an error, or a leaf that is written as it was read.
#include "evidence/leaf.hpp"
#include "fuzz/fuzz_input.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto leaf = evidence::decode(fuzz::text_of(data, size));
  if (!leaf) return 0;
  const auto bytes = evidence::encode(*leaf);
  fuzz::require(bytes.has_value());
  const auto again = evidence::decode(*bytes);
  fuzz::require(again.has_value() && *again == *leaf);
  return 0;
}
