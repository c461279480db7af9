#include "evidence/merkle.hpp"

#include <algorithm>
#include <bit>

#include "base/check.hpp"

namespace exeunt::evidence {
namespace {

constexpr std::uint8_t k_leaf_prefix = 0x00;
constexpr std::uint8_t k_node_prefix = 0x01;

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(base::Code::data_loss, "proof: " + std::move(what), "ask for the proof and the checkpoint again, from another source");
}

// Largest power of two smaller than n (RFC 6962 §2.1); n >= 2.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

tl::unexpected<base::Error> refuse_question(std::string what) {
  return base::fail(base::Code::invalid_argument, "proof: " + std::move(what), "ask for one of this tree");
}

/// Of the leaves [begin, end), which the recursion of §2.1 arrives at: every subtree of them is perfect and whole, the largest first.
base::Result<Hash32> root_of_range(std::uint64_t begin, std::uint64_t end, const SubtreeSource& source) {
  const std::uint64_t size = end - begin;
  std::vector<Hash32> roots;
  while (begin < end) {
    const int level = static_cast<int>(std::bit_width(end - begin)) - 1;
    EXEUNT_TRY_ASSIGN(roots.emplace_back(), source(Subtree{level, begin >> level}));
    begin += std::uint64_t{1} << level;
  }
  EXEUNT_TRY_ASSIGN(const Frontier frontier, Frontier::restore(size, std::move(roots)));
  return frontier.root();
}

bool to_hash(std::span<const std::uint8_t> bytes, Hash32& out) {
  if (bytes.size() != out.size()) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

base::Result<std::vector<Hash32>> to_hashes(std::span<const HashBytes> path) {
  std::vector<Hash32> out(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!to_hash(path[i], out[i])) return refuse("hash " + std::to_string(i) + " of the path is not 32 bytes long");
  }
  return out;
}

}  // namespace

Hash32 leaf_hash(std::string_view entry) { return base::sha256_parts({{&k_leaf_prefix, 1}, base::as_bytes(entry)}); }

Hash32 node_hash(const Hash32& left, const Hash32& right) {
  // One update of 65 bytes costs a third less than three of 1, 32 and 32.
  std::array<std::uint8_t, 65> block;
  block[0] = k_node_prefix;
  std::copy(left.begin(), left.end(), block.begin() + 1);
  std::copy(right.begin(), right.end(), block.begin() + 33);
  return base::sha256(block);
}

Hash32 empty_root() { return base::sha256(std::string_view{}); }

base::Result<Frontier> Frontier::restore(std::uint64_t size, std::vector<Hash32> roots) {
  if (static_cast<std::size_t>(std::popcount(size)) != roots.size()) {
    return base::fail(base::Code::data_loss,
                      "tree: " + std::to_string(roots.size()) + " subtree roots do not make a tree of " + std::to_string(size) + " entries",
                      "run `exeunt doctor`");
  }
  Frontier frontier;
  frontier.size_ = size;
  frontier.roots_ = std::move(roots);
  return frontier;
}

void Frontier::append(const Hash32& leaf) {
  Hash32 carried = leaf;
  // Each trailing one bit of the size is a perfect subtree as large as the carried one: they merge.
  for (std::uint64_t size = size_; (size & 1U) != 0; size >>= 1U) {
    carried = node_hash(roots_.back(), carried);
    roots_.pop_back();
  }
  roots_.push_back(carried);
  ++size_;
}

Hash32 Frontier::root() const {
  if (roots_.empty()) return empty_root();
  Hash32 root = roots_.back();
  for (auto subtree = roots_.rbegin() + 1; subtree != roots_.rend(); ++subtree) root = node_hash(*subtree, root);
  return root;
}

Hash32 root_of(std::span<const Hash32> leaves) {
  Frontier frontier;
  for (const Hash32& leaf : leaves) frontier.append(leaf);
  return frontier.root();
}

SubtreeSource subtrees_of(std::span<const Hash32> leaves) {
  return [leaves](const Subtree& subtree) -> base::Result<Hash32> {
    return root_of(leaves.subspan(subtree.index << subtree.level, std::uint64_t{1} << subtree.level));
  };
}

base::Result<Hash32> root_of(std::uint64_t size, const SubtreeSource& source) {
  if (size == 0) return empty_root();
  return root_of_range(0, size, source);
}

base::Result<std::vector<Hash32>> inclusion_path(std::uint64_t index, std::uint64_t size, const SubtreeSource& source) {
  if (index >= size) return refuse_question("entry " + std::to_string(index) + " is not in a tree of " + std::to_string(size));
  std::vector<Hash32> path;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_of(end - begin);
    if (index < middle) {
      EXEUNT_TRY_ASSIGN(path.emplace_back(), root_of_range(middle, end, source));
      end = middle;
    } else {
      EXEUNT_TRY_ASSIGN(path.emplace_back(), root_of_range(begin, middle, source));
      begin = middle;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

base::Result<std::vector<Hash32>> consistency_path(std::uint64_t old_size, std::uint64_t size, const SubtreeSource& source) {
  if (old_size == 0) return refuse_question("consistency from an empty tree proves nothing");
  if (old_size > size) return refuse_question("a tree of " + std::to_string(old_size) + " is not in one of " + std::to_string(size));
  std::vector<Hash32> path;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end != old_size) {
    const std::uint64_t middle = begin + split_of(end - begin);
    if (old_size <= middle) {
      EXEUNT_TRY_ASSIGN(path.emplace_back(), root_of_range(middle, end, source));
      end = middle;
    } else {
      EXEUNT_TRY_ASSIGN(path.emplace_back(), root_of_range(begin, middle, source));
      begin = middle;
    }
  }
  // The older tree itself is known to whoever checks; the rest of it is not.
  if (begin != 0) {
    EXEUNT_TRY_ASSIGN(path.emplace_back(), root_of_range(begin, end, source));
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<Hash32> inclusion_path(std::span<const Hash32> leaves, std::uint64_t index) {
  EXEUNT_CHECK(index < leaves.size());
  return inclusion_path(index, leaves.size(), subtrees_of(leaves)).value();
}

std::vector<Hash32> consistency_path(std::span<const Hash32> leaves, std::uint64_t old_size) {
  EXEUNT_CHECK(old_size > 0 && old_size <= leaves.size());
  return consistency_path(old_size, leaves.size(), subtrees_of(leaves)).value();
}

base::Status verify_inclusion(std::uint64_t index, std::uint64_t size, std::span<const std::uint8_t> leaf, std::span<const HashBytes> path,
                              std::span<const std::uint8_t> root) {
  Hash32 hash{};
  Hash32 expected{};
  if (!to_hash(leaf, hash)) return refuse("the leaf hash is not 32 bytes long");
  if (!to_hash(root, expected)) return refuse("the root is not 32 bytes long");
  if (index >= size) return refuse("entry " + std::to_string(index) + " is not in a tree of " + std::to_string(size));
  EXEUNT_TRY_ASSIGN(const auto hashes, to_hashes(path));
  // RFC 9162 §2.1.3.2, with its names.
  std::uint64_t fn = index;
  std::uint64_t sn = size - 1;
  for (const Hash32& p : hashes) {
    if (sn == 0) return refuse("the path is too long");
    if ((fn & 1U) != 0 || fn == sn) {
      hash = node_hash(p, hash);
      while ((fn & 1U) == 0 && fn != 0) fn >>= 1U, sn >>= 1U;
    } else {
      hash = node_hash(hash, p);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  if (sn != 0) return refuse("the path is too short");
  if (hash != expected) return refuse("the path does not lead to this root");
  return {};
}

base::Status verify_consistency(std::uint64_t old_size, std::uint64_t new_size, std::span<const HashBytes> path,
                                std::span<const std::uint8_t> old_root, std::span<const std::uint8_t> new_root) {
  Hash32 first{};
  Hash32 second{};
  if (!to_hash(old_root, first) || !to_hash(new_root, second)) return refuse("a root is not 32 bytes long");
  if (old_size == 0) return refuse("consistency from an empty tree proves nothing");
  if (old_size > new_size) return refuse("the older tree is larger than the newer one");
  if (old_size == new_size) {
    if (!path.empty()) return refuse("two trees of one size need no path");
    if (first != second) return refuse("two trees of one size have different roots");
    return {};
  }
  EXEUNT_TRY_ASSIGN(auto hashes, to_hashes(path));
  if (hashes.empty()) return refuse("the path is empty");
  // RFC 9162 §2.1.4.2, with its names.
  if (std::has_single_bit(old_size)) hashes.insert(hashes.begin(), first);
  std::uint64_t fn = old_size - 1;
  std::uint64_t sn = new_size - 1;
  while ((fn & 1U) != 0) fn >>= 1U, sn >>= 1U;
  Hash32 fr = hashes[0];
  Hash32 sr = hashes[0];
  for (const Hash32& c : std::span(hashes).subspan(1)) {
    if (sn == 0) return refuse("the path is too long");
    if ((fn & 1U) != 0 || fn == sn) {
      fr = node_hash(c, fr);
      sr = node_hash(c, sr);
      while ((fn & 1U) == 0 && fn != 0) fn >>= 1U, sn >>= 1U;
    } else {
      sr = node_hash(sr, c);
    }
    fn >>= 1U;
    sn >>= 1U;
  }
  if (sn != 0) return refuse("the path is too short");
  if (fr != first) return refuse("the newer tree does not contain the older one");
  if (sr != second) return refuse("the path does not lead to the newer root");
  return {};
}

}  // namespace exeunt::evidence
