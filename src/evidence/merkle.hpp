// The Merkle tree of RFC 6962 §2.1 / RFC 9162 §2.1: hashes, an appendable frontier, proofs and their checks. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace exeunt::evidence {

using base::Hash32;

[[nodiscard]] Hash32 leaf_hash(std::string_view entry);                   // SHA-256(0x00 || entry)
[[nodiscard]] Hash32 node_hash(const Hash32& left, const Hash32& right);  // SHA-256(0x01 || left || right)
[[nodiscard]] Hash32 empty_root();                                        // SHA-256("")

/// The roots of the perfect subtrees that make up a tree of `size` leaves, largest first: enough to append and to tell the root.
class Frontier {
 public:
  Frontier() = default;
  /// `roots` must have as many hashes as `size` has one bits: data_loss otherwise.
  [[nodiscard]] static base::Result<Frontier> restore(std::uint64_t size, std::vector<Hash32> roots);
  void append(const Hash32& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Hash32 root() const;
  [[nodiscard]] const std::vector<Hash32>& roots() const { return roots_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash32> roots_;
};

/// A perfect subtree: the 2^level leaves from index * 2^level on. Level 0 is a leaf.
struct Subtree {
  int level = 0;
  std::uint64_t index = 0;
  bool operator==(const Subtree&) const = default;
};
/// Where the hashes of a tree's perfect subtrees come from: leaves in memory, tiles, a store. Only subtrees that lie whole within the tree
/// are asked for. Its error ends what asked.
using SubtreeSource = std::function<base::Result<Hash32>(const Subtree&)>;
/// The span must outlive the source.
[[nodiscard]] SubtreeSource subtrees_of(std::span<const Hash32> leaves);

/// Root (RFC 9162 §2.1.1), inclusion path (§2.1.3.1, from the leaf's sibling upwards) and consistency path (§2.1.4.1) of the tree of `size` leaves;
/// at most 64 hashes a path, and at most 64 questions for each of them. They are as true as the source: a path made from outside hashes says
/// something once it is verified against a signed root. invalid_argument: index >= size; old_size 0 or above size.
[[nodiscard]] base::Result<Hash32> root_of(std::uint64_t size, const SubtreeSource& source);
[[nodiscard]] base::Result<std::vector<Hash32>> inclusion_path(std::uint64_t index, std::uint64_t size, const SubtreeSource& source);
[[nodiscard]] base::Result<std::vector<Hash32>> consistency_path(std::uint64_t old_size, std::uint64_t size, const SubtreeSource& source);

/// The same from leaf hashes [0, size) in memory; an index or an older size that is not in the tree is a fault of the caller.
[[nodiscard]] Hash32 root_of(std::span<const Hash32> leaves);
[[nodiscard]] std::vector<Hash32> inclusion_path(std::span<const Hash32> leaves, std::uint64_t index);
[[nodiscard]] std::vector<Hash32> consistency_path(std::span<const Hash32> leaves, std::uint64_t old_size);

/// RFC 9162 §2.1.3.2 and §2.1.4.2. Everything that does not verify: data_loss with the reason. Consistency from size 0 is an error.
/// Hashes come as byte spans because a hostile proof may hold ones that are not 32 bytes long.
using HashBytes = std::vector<std::uint8_t>;
[[nodiscard]] base::Status verify_inclusion(std::uint64_t index, std::uint64_t size, std::span<const std::uint8_t> leaf,
                                            std::span<const HashBytes> path, std::span<const std::uint8_t> root);
[[nodiscard]] base::Status verify_consistency(std::uint64_t old_size, std::uint64_t new_size, std::span<const HashBytes> path,
                                              std::span<const std::uint8_t> old_root, std::span<const std::uint8_t> new_root);

}  // namespace exeunt::evidence
