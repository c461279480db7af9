#include "verify/known_subtrees.hpp"

#include <doctest/doctest.h>

using namespace exeunt;
using evidence::Hash32;

TEST_CASE("known subtrees: the proof of the last entry of an older tree tells that tree's root, in every tree up to 40") {
  std::vector<Hash32> leaves;
  for (std::uint64_t size = 1; size <= 40; ++size) {
    leaves.push_back(evidence::leaf_hash("entry " + std::to_string(size)));
    for (std::uint64_t index = 0; index < size; ++index) {
      CAPTURE(size);
      CAPTURE(index);
      verify::KnownSubtrees known;
      known.learn(index, size, leaves[index], evidence::inclusion_path(leaves, index));
      const auto root = evidence::root_of(index + 1, known.source());
      REQUIRE(root.has_value());
      CHECK_EQ(*root, evidence::root_of(std::span(leaves).first(index + 1)));
    }
  }
}

TEST_CASE("known subtrees: with every proof every older root is told, with few of them what they do not tell is not made up") {
  std::vector<Hash32> leaves;
  for (int i = 0; i < 23; ++i) leaves.push_back(evidence::leaf_hash("entry " + std::to_string(i)));
  verify::KnownSubtrees all;
  for (std::uint64_t index = 0; index < leaves.size(); ++index)
    all.learn(index, leaves.size(), leaves[index], evidence::inclusion_path(leaves, index));
  verify::KnownSubtrees one;
  one.learn(8, leaves.size(), leaves[8], evidence::inclusion_path(leaves, 8));
  for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
    CAPTURE(size);
    const Hash32 expected = evidence::root_of(std::span(leaves).first(size));
    CHECK_EQ(evidence::root_of(size, all.source()).value(), expected);
    const auto told = evidence::root_of(size, one.source());
    if (told) CHECK_EQ(*told, expected);
  }
  CHECK(evidence::root_of(9, one.source()).has_value());
  CHECK_EQ(evidence::root_of(5, one.source()).error().code, base::Code::not_found);
}
