#include "core/merkle.h"

#include <bit>

namespace hansard::core {
namespace {

constexpr std::string_view kNodePrefix("\1", 1);
constexpr unsigned kTileBits = 8;
static_assert(kTileWidth == 1U << kTileBits);

/// Size of the left subtree of a tree over n > 1 leaves: the largest power of two below n.
std::uint64_t left_size(std::uint64_t n) { return std::bit_floor(n - 1); }

/// RFC 6962 §2.1.2 SUBPROOF: `whole` says that the old tree is the whole of `leaves` so far.
void subproof(const Hasher& hasher, std::span<const Hash> leaves, std::uint64_t size, bool whole,
              std::vector<Hash>& out) {
  const std::uint64_t n = leaves.size();
  if (size == n) {
    if (!whole) out.push_back(merkle_root(hasher, leaves));
    return;
  }
  const std::uint64_t k = left_size(n);
  if (size <= k) {
    subproof(hasher, leaves.first(k), size, whole, out);
    out.push_back(merkle_root(hasher, leaves.subspan(k)));
  } else {
    subproof(hasher, leaves.subspan(k), size - k, false, out);
    out.push_back(merkle_root(hasher, leaves.first(k)));
  }
}

}  // namespace

Hash node_hash(const Hasher& hasher, const Hash& left, const Hash& right) {
  return hasher.sha256({kNodePrefix, as_bytes(left), as_bytes(right)});
}

Hash merkle_root(const Hasher& hasher, std::span<const Hash> leaves) {
  if (leaves.empty()) return hasher.sha256({});
  if (leaves.size() == 1) return leaves.front();
  const std::uint64_t k = left_size(leaves.size());
  return node_hash(hasher, merkle_root(hasher, leaves.first(k)),
                   merkle_root(hasher, leaves.subspan(k)));
}

// Adding a leaf is adding one to a binary counter: each carry joins two equal subtrees. The eighth
// carry in a row has just completed a tile, and what it carries is that tile's hash one level up.
void MerkleEdge::append(const Hash& leaf, std::vector<FullTile>& full) {
  const auto store = [this](std::size_t level, const Hash& hash) {
    if (levels_.size() == level) levels_.emplace_back().reserve(kTileWidth);
    levels_[level].push_back(hash);
  };
  Hash carry = leaf;
  store(0, carry);
  unsigned height = 0;
  for (std::uint64_t n = size_; (n & 1) != 0; n >>= 1) {
    carry = node_hash(*hasher_, peaks_.back(), carry);
    peaks_.pop_back();
    if (++height % kTileBits != 0) continue;
    const std::size_t level = height / kTileBits - 1;
    FullTile tile;
    tile.level = static_cast<std::uint8_t>(level);
    tile.index = (size_ + 1) / (std::uint64_t{1} << height) - 1;
    tile.hashes.swap(levels_[level]);
    levels_[level].reserve(kTileWidth);
    full.push_back(std::move(tile));
    store(level + 1, carry);
  }
  peaks_.push_back(carry);
  ++size_;
}

TreeHead MerkleEdge::head() const {
  if (peaks_.empty()) return {0, hasher_->sha256({})};
  Hash root = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) {
    root = node_hash(*hasher_, *peak, root);
  }
  return {size_, root};
}

std::span<const Hash> MerkleEdge::partial(std::uint8_t level) const {
  if (level >= levels_.size()) return {};
  return levels_[level];
}

Result<MerkleEdge> MerkleEdge::restore(const Hasher& hasher, std::uint64_t size,
                                       const PartialTile& partial) {
  MerkleEdge edge(hasher);
  edge.size_ = size;
  const unsigned levels = (static_cast<unsigned>(std::bit_width(size)) + kTileBits - 1) / kTileBits;
  edge.levels_.resize(levels);
  for (unsigned level = levels; level-- > 0;) {
    const std::uint64_t here = size >> (level * kTileBits);  // complete subtrees at this level
    const std::uint64_t count = here % kTileWidth;
    std::vector<Hash>& hashes = edge.levels_[level];
    if (count != 0) {
      auto stored = partial(static_cast<std::uint8_t>(level), here / kTileWidth, count);
      if (!stored) return stored.error();
      if (stored->size() != count) {
        return Error{Errc::corruption, "Merkle tile of level " + std::to_string(level) + " has " +
                                           std::to_string(stored->size()) + " hashes instead of " +
                                           std::to_string(count)};
      }
      hashes = *std::move(stored);
    }
    std::span<const Hash> rest = hashes;
    for (unsigned bit = kTileBits; bit-- > 0;) {
      const std::uint64_t width = std::uint64_t{1} << bit;
      if ((count & width) == 0) continue;
      edge.peaks_.push_back(merkle_root(hasher, rest.first(width)));
      rest = rest.subspan(width);
    }
    hashes.reserve(kTileWidth);
  }
  return edge;
}

std::vector<Hash> inclusion_proof(const Hasher& hasher, std::span<const Hash> leaves,
                                  std::uint64_t index) {
  HANSARD_ASSERT(index < leaves.size(), "a proof is about a leaf of the tree");
  if (leaves.size() == 1) return {};
  const std::uint64_t k = left_size(leaves.size());
  const bool left = index < k;
  auto path = left ? inclusion_proof(hasher, leaves.first(k), index)
                   : inclusion_proof(hasher, leaves.subspan(k), index - k);
  path.push_back(merkle_root(hasher, left ? leaves.subspan(k) : leaves.first(k)));
  return path;
}

std::vector<Hash> consistency_proof(const Hasher& hasher, std::span<const Hash> leaves,
                                    std::uint64_t size) {
  HANSARD_ASSERT(size > 0 && size <= leaves.size(), "the older tree is a non-empty prefix");
  std::vector<Hash> proof;
  subproof(hasher, leaves, size, true, proof);
  return proof;
}

bool verify_inclusion(const Hasher& hasher, const Hash& leaf, std::uint64_t index,
                      const TreeHead& head, std::span<const Hash> proof) {
  if (index >= head.size) return false;
  std::uint64_t node = index;
  std::uint64_t last = head.size - 1;
  Hash root = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      root = node_hash(hasher, sibling, root);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      root = node_hash(hasher, root, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && root == head.root;
}

bool verify_consistency(const Hasher& hasher, const TreeHead& older, const TreeHead& newer,
                        std::span<const Hash> proof) {
  if (older.size == 0 || older.size > newer.size) return false;
  if (older.size == newer.size) return proof.empty() && older.root == newer.root;
  std::size_t at = 0;
  Hash old_root;
  if (std::has_single_bit(older.size)) {
    old_root = older.root;  // a complete subtree of the newer tree: the proof leaves it out
  } else {
    if (proof.empty()) return false;
    old_root = proof[at++];
  }
  Hash new_root = old_root;
  std::uint64_t node = older.size - 1;
  std::uint64_t last = newer.size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  for (; at < proof.size(); ++at) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_root = node_hash(hasher, proof[at], old_root);
      new_root = node_hash(hasher, proof[at], new_root);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_root = node_hash(hasher, new_root, proof[at]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_root == older.root && new_root == newer.root;
}

}  // namespace hansard::core
