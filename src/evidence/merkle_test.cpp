#include "evidence/merkle.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <filesystem>

#include "base/file.hpp"
#include "base/json.hpp"
#include "testing/vectors.hpp"

using namespace exeunt;
using evidence::HashBytes;
namespace fs = std::filesystem;

namespace {

// The leaves of certificate-transparency's own tests and the roots of their first n (RFC 6962 §2.1 by its authors).
const std::vector<std::string> k_leaves_hex = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> k_roots_hex = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<base::Hash32> known_leaves() {
  std::vector<base::Hash32> out;
  for (const std::string& hex : k_leaves_hex) {
    const auto bytes = base::from_hex(hex).value();
    out.push_back(evidence::leaf_hash(std::string(bytes.begin(), bytes.end())));
  }
  return out;
}

std::vector<HashBytes> as_spans(const std::vector<base::Hash32>& hashes) {
  std::vector<HashBytes> out;
  for (const auto& hash : hashes) out.emplace_back(hash.begin(), hash.end());
  return out;
}

std::vector<base::Hash32> leaves_of(std::size_t count) {
  std::vector<base::Hash32> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(evidence::leaf_hash(std::to_string(i)));
  return out;
}

HashBytes bytes_of(const base::JsonObject& object, std::string_view key) {
  const auto text = base::json_optional_string(object, key);
  return text && *text ? base::from_base64(**text).value_or(HashBytes{}) : HashBytes{};
}

std::vector<HashBytes> proof_of(const base::JsonObject& object) {
  std::vector<HashBytes> out;
  if (const auto* proof = object.if_contains("proof"); proof != nullptr && proof->is_array()) {
    for (const auto& hash : proof->get_array()) out.push_back(base::from_base64(std::string_view(hash.get_string())).value_or(HashBytes{}));
  }
  return out;
}

// Every case of a folder of transparency-dev/merkle; how many there were.
template <class Check>
int each_case(const fs::path& folder, Check check) {
  int count = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    CAPTURE(file.path().string());
    const auto json = base::parse_json(base::read_file(file.path()).value());
    REQUIRE(json.has_value());
    check(json->as_object());
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("merkle: the eight RFC 6962 leaves have the roots that their authors publish") {
  const auto leaves = known_leaves();
  evidence::Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    CAPTURE(size);
    CHECK_EQ(base::to_hex(frontier.root()), k_roots_hex[size]);
    CHECK_EQ(base::to_hex(evidence::root_of(std::span(leaves).first(size))), k_roots_hex[size]);
    if (size < leaves.size()) frontier.append(leaves[size]);
  }
}

TEST_CASE("merkle: every entry of every tree up to 70 is included, and in no other place") {
  const auto leaves = leaves_of(70);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const auto tree = std::span(leaves).first(size);
    const auto root = evidence::root_of(tree);
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = as_spans(evidence::inclusion_path(tree, index));
      CHECK(evidence::verify_inclusion(index, size, leaves[index], path, root).has_value());
      CHECK_FALSE(evidence::verify_inclusion(index + 1, size, leaves[index], path, root).has_value());
      CHECK_FALSE(evidence::verify_inclusion(index, size, leaves[(index + 1) % 70], path, root).has_value());
      auto longer = path;
      longer.emplace_back(32, std::uint8_t{0});
      CHECK_FALSE(evidence::verify_inclusion(index, size, leaves[index], longer, root).has_value());
    }
  }
}

TEST_CASE("merkle: every tree extends every smaller one up to 70, and no altered one") {
  const auto leaves = leaves_of(70);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const auto root = evidence::root_of(std::span(leaves).first(size));
    for (std::size_t old_size = 1; old_size <= size; ++old_size) {
      const auto old_root = evidence::root_of(std::span(leaves).first(old_size));
      const auto path = as_spans(evidence::consistency_path(std::span(leaves).first(size), old_size));
      CHECK(evidence::verify_consistency(old_size, size, path, old_root, root).has_value());
      auto other = old_root;
      other[7] ^= 1;
      CHECK_FALSE(evidence::verify_consistency(old_size, size, path, other, root).has_value());
      other = root;
      other[7] ^= 1;
      CHECK_FALSE(evidence::verify_consistency(old_size, size, path, old_root, other).has_value());
    }
  }
}

TEST_CASE("merkle: hashes that are not 32 bytes long, and consistency from nothing, are refused") {
  const auto leaves = leaves_of(4);
  const auto root = evidence::root_of(leaves);
  const auto path = as_spans(evidence::inclusion_path(leaves, 2));
  const HashBytes short_hash(31, 1);
  CHECK_FALSE(evidence::verify_inclusion(2, 4, short_hash, path, root).has_value());
  CHECK_FALSE(evidence::verify_inclusion(2, 4, leaves[2], path, short_hash).has_value());
  CHECK_FALSE(evidence::verify_inclusion(2, 4, leaves[2], std::vector<HashBytes>{short_hash, path[1]}, root).has_value());
  CHECK_FALSE(evidence::verify_inclusion(0, 0, leaves[2], {}, root).has_value());
  CHECK_FALSE(evidence::verify_consistency(0, 4, {}, evidence::empty_root(), root).has_value());
  CHECK_FALSE(evidence::verify_consistency(0, 0, {}, evidence::empty_root(), evidence::empty_root()).has_value());
  CHECK_FALSE(evidence::verify_consistency(4, 2, {}, root, root).has_value());
}

TEST_CASE("merkle: a frontier goes on from where it was stored") {
  CHECK(rc::check("frontier", [](std::uint8_t before, std::uint8_t after) {
    const auto leaves = leaves_of(std::size_t{before} + after);
    evidence::Frontier first;
    for (std::size_t i = 0; i < before; ++i) first.append(leaves[i]);
    auto second = evidence::Frontier::restore(first.size(), first.roots());
    RC_ASSERT(second.has_value());
    for (std::size_t i = before; i < leaves.size(); ++i) second->append(leaves[i]);
    RC_ASSERT(second->root() == evidence::root_of(leaves));
  }));
  CHECK_FALSE(evidence::Frontier::restore(3, {base::Hash32{}}).has_value());
}

TEST_CASE("merkle: paths made from a source of subtrees are those made from the leaves, and it is asked for whole subtrees only") {
  const auto leaves = leaves_of(70);
  for (std::uint64_t size = 0; size <= leaves.size(); ++size) {
    CAPTURE(size);
    const auto tree = std::span(leaves).first(size);
    const evidence::SubtreeSource source = [&](const evidence::Subtree& subtree) -> base::Result<base::Hash32> {
      CHECK_LE((subtree.index + 1) << subtree.level, size);
      return evidence::subtrees_of(tree)(subtree);
    };
    CHECK_EQ(evidence::root_of(size, source).value(), evidence::root_of(tree));
    for (std::uint64_t i = 0; i < size; ++i) {
      CHECK_EQ(evidence::inclusion_path(i, size, source).value(), evidence::inclusion_path(tree, i));
      CHECK_EQ(evidence::consistency_path(i + 1, size, source).value(), evidence::consistency_path(tree, i + 1));
    }
    CHECK_FALSE(evidence::inclusion_path(size, size, source).has_value());
    CHECK_FALSE(evidence::consistency_path(0, size, source).has_value());
    CHECK_FALSE(evidence::consistency_path(size + 1, size, source).has_value());
  }
}

TEST_CASE("merkle: the paths of three entries are those of RFC 9162 §2.1.5, written out") {
  const auto d = leaves_of(7);
  const auto node = [](const base::Hash32& left, const base::Hash32& right) { return evidence::node_hash(left, right); };
  const auto g = node(d[0], d[1]), h = node(d[2], d[3]), i = node(d[4], d[5]);
  const auto k = node(g, h), l = node(i, d[6]);
  CHECK_EQ(evidence::inclusion_path(d, 0), std::vector{d[1], h, l});
  CHECK_EQ(evidence::inclusion_path(d, 3), std::vector{d[2], g, l});
  CHECK_EQ(evidence::inclusion_path(d, 4), std::vector{d[5], d[6], k});
  CHECK_EQ(evidence::inclusion_path(d, 6), std::vector{i, k});
  CHECK_EQ(evidence::consistency_path(d, 3), std::vector{d[2], d[3], g, l});
  CHECK_EQ(evidence::consistency_path(d, 4), std::vector{l});
  CHECK_EQ(evidence::consistency_path(d, 6), std::vector{i, d[6], k});
}

TEST_CASE("merkle: a tree of 2^64-1 equal entries is proven without holding it") {
  std::vector<base::Hash32> perfect{evidence::leaf_hash("x")};
  while (perfect.size() < 64) perfect.push_back(evidence::node_hash(perfect.back(), perfect.back()));
  const evidence::SubtreeSource source = [&](const evidence::Subtree& subtree) -> base::Result<base::Hash32> {
    return perfect.at(static_cast<std::size_t>(subtree.level));
  };
  constexpr std::uint64_t k_all = UINT64_MAX;
  for (const std::uint64_t size : {k_all, k_all - 1, k_all / 2 + 1, k_all / 2 + 2, std::uint64_t{1} << 40U}) {
    CAPTURE(size);
    const auto root = evidence::root_of(size, source).value();
    for (const std::uint64_t index : {std::uint64_t{0}, size / 3, size / 2, size - 2, size - 1}) {
      CAPTURE(index);
      const auto path = evidence::inclusion_path(index, size, source).value();
      CHECK_LE(path.size(), 64);
      CHECK(evidence::verify_inclusion(index, size, perfect[0], as_spans(path), root).has_value());
      const auto grown = evidence::consistency_path(index + 1, size, source).value();
      const auto old_root = evidence::root_of(index + 1, source).value();
      CHECK(evidence::verify_consistency(index + 1, size, as_spans(grown), old_root, root).has_value());
    }
  }
}

TEST_CASE("merkle: an error of the source ends what asked, and is told") {
  const evidence::SubtreeSource missing = [](const evidence::Subtree&) -> base::Result<base::Hash32> {
    return base::fail(base::Code::not_found, "tile 0/000 is missing", "copy it");
  };
  CHECK_EQ(evidence::root_of(5, missing).error().what, "tile 0/000 is missing");
  CHECK_EQ(evidence::inclusion_path(1, 5, missing).error().what, "tile 0/000 is missing");
  CHECK_EQ(evidence::consistency_path(2, 5, missing).error().code, base::Code::not_found);
}

TEST_CASE("merkle: vectors: the inclusion cases of transparency-dev come out as they say") {
  const auto folder = testing::vectors("merkle: the inclusion cases of transparency-dev", "merkle/inclusion");
  if (!folder) return;
  const int count = each_case(*folder, [](const base::JsonObject& object) {
    const auto index = static_cast<std::uint64_t>(object.at("leafIdx").to_number<std::uint64_t>());
    const auto size = static_cast<std::uint64_t>(object.at("treeSize").to_number<std::uint64_t>());
    const auto verified = evidence::verify_inclusion(index, size, bytes_of(object, "leafHash"), proof_of(object), bytes_of(object, "root"));
    CHECK_EQ(verified.has_value(), !object.at("wantErr").get_bool());
  });
  CHECK_GE(count, 50);
}

TEST_CASE("merkle: vectors: the consistency cases of transparency-dev come out as they say") {
  const auto folder = testing::vectors("merkle: the consistency cases of transparency-dev", "merkle/consistency");
  if (!folder) return;
  const int count = each_case(*folder, [](const base::JsonObject& object) {
    const auto old_size = static_cast<std::uint64_t>(object.at("size1").to_number<std::uint64_t>());
    const auto new_size = static_cast<std::uint64_t>(object.at("size2").to_number<std::uint64_t>());
    const auto verified =
        evidence::verify_consistency(old_size, new_size, proof_of(object), bytes_of(object, "root1"), bytes_of(object, "root2"));
    // Ours is stricter in two points: consistency from an empty tree, and a root that is not 32 bytes long, are always errors.
    const bool well_formed = old_size != 0 && bytes_of(object, "root1").size() == 32;
    CHECK_EQ(verified.has_value(), !object.at("wantErr").get_bool() && well_formed);
  });
  CHECK_GE(count, 50);
}
