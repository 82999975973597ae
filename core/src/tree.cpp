#include "core/tree.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string>

namespace hansard::core {
namespace {

constexpr unsigned kTileBits = 8;
constexpr unsigned kLevels = 8;  // 256^8 leaves would be one more than positions there are
static_assert(kTileWidth == 1U << kTileBits);

/// Roots of ranges of leaves, with the tiles that one proof needs. Neighbouring nodes of a path lie
/// in the same tile, so the last tile of each level is kept.
class Nodes {
 public:
  Nodes(const Hasher& hasher, const Tree& tree, std::uint64_t size)
      : hasher_(hasher), tree_(tree), size_(size), tiles_(kLevels) {}

  /// Root over leaves [first, first + count), a node or right edge of the tree of `size`: `first`
  /// is a multiple of the smallest power of two not below `count`.
  Result<Hash> root(std::uint64_t first, std::uint64_t count) {
    if (count == 0) return hasher_.sha256({});
    if (std::has_single_bit(count)) return complete(first, count);
    const std::uint64_t left = std::bit_floor(count);
    const auto before = complete(first, left);
    if (!before) return before;
    const auto behind = root(first + left, count - left);
    if (!behind) return behind;
    return node_hash(hasher_, *before, *behind);
  }

 private:
  struct Tile {
    std::uint64_t index = 0;
    std::vector<Hash> hashes;
  };

  Result<Hash> complete(std::uint64_t first, std::uint64_t count) {
    const unsigned height = static_cast<unsigned>(std::countr_zero(count));
    const unsigned level = std::min(height / kTileBits, kLevels - 1);
    const std::uint64_t entry = first >> (level * kTileBits);
    const std::uint64_t width = count >> (level * kTileBits);
    const std::uint64_t index = entry / kTileWidth;
    Tile& tile = tiles_[level];
    if (tile.hashes.empty() || tile.index != index) {
      const std::uint64_t has = tile_entries(size_, static_cast<std::uint8_t>(level), index);
      auto hashes = tree_.entries(static_cast<std::uint8_t>(level), index, has);
      if (!hashes) return std::move(hashes.error());
      if (hashes->size() != has) {
        return Error{Errc::corruption, "Merkle tile " + std::to_string(index) + " of level " +
                                           std::to_string(level) + " has " +
                                           std::to_string(hashes->size()) + " hashes instead of " +
                                           std::to_string(has)};
      }
      tile = {index, *std::move(hashes)};
    }
    const std::uint64_t at = entry % kTileWidth;
    HANSARD_ASSERT(at + width <= tile.hashes.size(), "a complete subtree lies within its tile");
    return merkle_root(hasher_, std::span(tile.hashes).subspan(at, width));
  }

  const Hasher& hasher_;
  const Tree& tree_;
  const std::uint64_t size_;
  std::vector<Tile> tiles_;  // by level; empty: none yet
};

std::uint64_t left_size(std::uint64_t n) { return std::bit_floor(n - 1); }

std::optional<Error> too_large(const Tree& tree, std::uint64_t size, const char* field) {
  const std::uint64_t visible = tree.head().size;
  if (size <= visible) return {};
  return Error{Errc::invalid_argument,
               "the tree has " + std::to_string(visible) + " leaves, not " + std::to_string(size),
               field};
}

}  // namespace

std::uint64_t tile_entries(std::uint64_t size, std::uint8_t level, std::uint64_t index) {
  if (level >= kLevels) return 0;
  const std::uint64_t here = size >> (level * kTileBits);
  if (index > here / kTileWidth) return 0;
  return std::min(kTileWidth, here - index * kTileWidth);
}

Result<TreeHead> head_at(const Hasher& hasher, const Tree& tree, std::uint64_t size) {
  if (auto error = too_large(tree, size, "size")) return *std::move(error);
  const auto root = Nodes(hasher, tree, size).root(0, size);
  if (!root) return root.error();
  return TreeHead{size, *root};
}

Result<std::vector<Hash>> inclusion_proof(const Hasher& hasher, const Tree& tree,
                                          std::uint64_t index, std::uint64_t size) {
  if (auto error = too_large(tree, size, "size")) return *std::move(error);
  if (index >= size) {
    return Error{Errc::invalid_argument,
                 "position " + std::to_string(index) + " is not in a tree of " +
                     std::to_string(size) + " leaves",
                 "position"};
  }
  Nodes nodes(hasher, tree, size);
  std::vector<Hash> path;
  std::uint64_t first = 0;
  std::uint64_t count = size;
  while (count > 1) {  // from the root down; the path is told from the leaf up
    const std::uint64_t left = left_size(count);
    const bool in_left = index - first < left;
    auto sibling = in_left ? nodes.root(first + left, count - left) : nodes.root(first, left);
    if (!sibling) return std::move(sibling.error());
    path.push_back(*sibling);
    if (!in_left) first += left;
    count = in_left ? left : count - left;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

Result<std::vector<Hash>> consistency_proof(const Hasher& hasher, const Tree& tree,
                                            std::uint64_t from, std::uint64_t to) {
  if (auto error = too_large(tree, to, "to")) return *std::move(error);
  if (from == 0 || from > to) {
    return Error{Errc::invalid_argument,
                 "a tree of " + std::to_string(from) + " leaves is no beginning of one of " +
                     std::to_string(to) + " that could be proved; expected 1.." +
                     std::to_string(to),
                 "from"};
  }
  // RFC 6962 §2.1.2 SUBPROOF(m, D[n], b), from the root down: `rest` is m of the subtree reached.
  Nodes nodes(hasher, tree, to);
  std::vector<Hash> proof;
  std::uint64_t first = 0;
  std::uint64_t count = to;
  std::uint64_t rest = from;
  while (rest != count) {
    const std::uint64_t left = left_size(count);
    const bool in_left = rest <= left;
    auto sibling = in_left ? nodes.root(first + left, count - left) : nodes.root(first, left);
    if (!sibling) return std::move(sibling.error());
    proof.push_back(*sibling);
    if (!in_left) {
      first += left;
      rest -= left;
    }
    count = in_left ? left : count - left;
  }
  if (first != 0) {  // else the older tree is itself a subtree, known to whoever checks
    auto last = nodes.root(first, count);
    if (!last) return std::move(last.error());
    proof.push_back(*last);
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

}  // namespace hansard::core
