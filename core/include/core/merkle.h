#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/hash.h"
#include "core/result.h"

/// The Merkle tree of RFC 6962 §2.1 (same in RFC 9162): leaf = H(0x00 || d), node = H(0x01 || l ||
/// r), the left subtree holds the largest power of two smaller than n; the empty tree is H().
namespace hansard::core {

/// Size and root of a tree.
struct TreeHead {
  std::uint64_t size = 0;
  Hash root{};
  bool operator==(const TreeHead&) const = default;
};

/// Leaves per tile: a full tile at level L holds 256 hashes, each the root of a complete subtree of
/// 256^L leaves (the layout of C2SP tlog-tiles).
inline constexpr std::uint64_t kTileWidth = 256;

Hash node_hash(const Hasher& hasher, const Hash& left, const Hash& right);

/// Root over `leaves` (leaf hashes). Cost: O(n) hashes.
Hash merkle_root(const Hasher& hasher, std::span<const Hash> leaves);

/// A tile that has become full.
struct FullTile {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
  std::vector<Hash> hashes;  ///< kTileWidth of them
};

/// The right edge of a growing tree: for each level the hashes of its unfinished tile. Bounded
/// memory: 8 levels x 255 hashes, and the roots of the complete subtrees. Copyable, so that a group
/// of appends can be tried and dropped. Caller synchronises.
class MerkleEdge {
 public:
  explicit MerkleEdge(const Hasher& hasher) : hasher_(&hasher) {}

  /// Adds one leaf hash; tiles that become full are appended to `full`, lowest level first.
  /// Cost: one hash, amortised: each pair of equal subtrees is joined once.
  void append(const Hash& leaf, std::vector<FullTile>& full);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Cost: one hash per bit set in `size`.
  [[nodiscard]] TreeHead head() const;
  /// The unfinished tile of `level`: `size / 256^level mod 256` hashes.
  [[nodiscard]] std::span<const Hash> partial(std::uint8_t level) const;

  /// Rebuilds the edge of a tree of `size` leaves: `partial(level, index, count)` returns the first
  /// `count` hashes of a tile (its unfinished part). Errors: what `partial` reports.
  using PartialTile = std::function<Result<std::vector<Hash>>(
      std::uint8_t level, std::uint64_t index, std::uint64_t count)>;
  static Result<MerkleEdge> restore(const Hasher& hasher, std::uint64_t size,
                                    const PartialTile& partial);

 private:
  const Hasher* hasher_;
  std::uint64_t size_ = 0;
  std::vector<std::vector<Hash>> levels_;
  std::vector<Hash>
      peaks_;  ///< roots of the complete subtrees, largest first: one per bit of size_
};

/// Audit path of leaf `index` in the tree over `leaves` (RFC 6962 §2.1.1). @pre index < size.
std::vector<Hash> inclusion_proof(const Hasher& hasher, std::span<const Hash> leaves,
                                  std::uint64_t index);
/// Consistency proof between the first `size` leaves and all (RFC 6962 §2.1.2). @pre 0 < size <= n.
std::vector<Hash> consistency_proof(const Hasher& hasher, std::span<const Hash> leaves,
                                    std::uint64_t size);
/// Checks as in RFC 9162 §2.1.3.2 and §2.1.4.2.
bool verify_inclusion(const Hasher& hasher, const Hash& leaf, std::uint64_t index,
                      const TreeHead& head, std::span<const Hash> proof);
bool verify_consistency(const Hasher& hasher, const TreeHead& older, const TreeHead& newer,
                        std::span<const Hash> proof);

}  // namespace hansard::core
