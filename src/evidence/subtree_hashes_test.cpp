#include "evidence/subtree_hashes.hpp"

#include <doctest/doctest.h>

using namespace exeunt;

TEST_CASE("subtree hashes: root and every path of every tree up to 70 are those of the definition") {
  std::vector<base::Hash32> leaves;
  for (std::uint64_t size = 0; size <= 70; ++size) {
    CAPTURE(size);
    const evidence::SubtreeHashes hashes(leaves);
    CHECK_EQ(hashes.size(), size);
    CHECK_EQ(evidence::root_of(size, hashes.source()).value(), evidence::root_of(leaves));
    for (std::uint64_t index = 0; index < size; ++index)
      CHECK_EQ(evidence::inclusion_path(index, size, hashes.source()).value(), evidence::inclusion_path(leaves, index));
    leaves.push_back(evidence::leaf_hash("entry " + std::to_string(size)));
  }
}

TEST_CASE("subtree hashes: a subtree that is not whole in the tree is refused") {
  const std::vector<base::Hash32> leaves(5);
  const evidence::SubtreeHashes hashes(leaves);
  const auto source = hashes.source();
  CHECK(source({2, 0}).has_value());
  for (const evidence::Subtree& outside : {evidence::Subtree{0, 5}, {1, 2}, {2, 1}, {3, 0}, {-1, 0}, {64, 0}})
    CHECK_EQ(source(outside).error().code, base::Code::invalid_argument);
}
