// Node ids join journal, record and judge: one text, one node.
#include "fuzz/fuzz_input.hpp"
#include "model/node.hpp"

using namespace exeunt;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const model::NodeId id{std::string(fuzz::text_of(data, size))};
  const auto key = model::parse_node_id(id);
  if (key) fuzz::require(model::node_id(*key) == id);
  return 0;
}
