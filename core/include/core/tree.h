#pragma once

#include <cstdint>
#include <vector>

#include "core/merkle.h"
#include "core/result.h"

namespace hansard::core {

/// The hashes of a log's tree, by tile (the layout of `kTileWidth`), for whoever proves something
/// about it. Visible events only, as `EventLog::tree`. A hash once told never changes.
/// Threads: all members are safe to call concurrently. `entries` blocks on the disk.
class Tree {
 public:
  virtual ~Tree() = default;
  [[nodiscard]] virtual TreeHead head() const = 0;
  /// The first `count` (1..kTileWidth) hashes of tile `index` of `level`; entry i is the root of
  /// the complete subtree over leaves [(256 index + i) 256^level, (256 index + i + 1) 256^level).
  /// Errors: invalid_argument (the tree has not so many), corruption, unavailable.
  /// Cost: one read of 8 KiB; the unfinished tile of a level may be computed once from below.
  [[nodiscard]] virtual Result<std::vector<Hash>> entries(std::uint8_t level, std::uint64_t index,
                                                          std::uint64_t count) const = 0;
};

/// How many hashes tile `index` of `level` has in a tree of `size` leaves: 0..kTileWidth.
std::uint64_t tile_entries(std::uint64_t size, std::uint8_t level, std::uint64_t index);

/// Root over the first `size` leaves. Errors: invalid_argument (`field` is "size": the tree is
/// smaller), as `Tree::entries`. Cost: at most two tiles a level.
Result<TreeHead> head_at(const Hasher& hasher, const Tree& tree, std::uint64_t size);

/// Audit path of leaf `index` in the tree over the first `size` leaves (RFC 6962 §2.1.1), checked
/// by `verify_inclusion`. Errors: invalid_argument (`field` "position" when it is not below `size`,
/// "size" when the tree is smaller), as `Tree::entries`. Cost: at most three tiles a level.
Result<std::vector<Hash>> inclusion_proof(const Hasher& hasher, const Tree& tree,
                                          std::uint64_t index, std::uint64_t size);

/// Proof that the tree of `from` leaves is a beginning of that of `to` (RFC 6962 §2.1.2), checked
/// by `verify_consistency`; empty where they are equal. Errors: invalid_argument (`field` "from":
/// 0 or above `to`; "to": the tree is smaller), as `Tree::entries`. Cost: as above.
Result<std::vector<Hash>> consistency_proof(const Hasher& hasher, const Tree& tree,
                                            std::uint64_t from, std::uint64_t to);

}  // namespace hansard::core
