#include "core/tree.h"

#include <gtest/gtest.h>

#include <random>

#include "core/event_bytes.h"
#include "core/in_memory_event_log.h"
#include "support/events.h"

namespace hansard::core {
namespace {

using support::hasher;

/// A tree over given leaves that counts how many tiles are asked for.
class LeafTree final : public Tree {
 public:
  explicit LeafTree(std::vector<Hash> leaves) {
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() >= kTileWidth) {
      std::vector<Hash> above;
      const std::span<const Hash> below = levels_.back();
      for (std::size_t i = 0; i + kTileWidth <= below.size(); i += kTileWidth) {
        above.push_back(merkle_root(hasher(), below.subspan(i, kTileWidth)));
      }
      levels_.push_back(std::move(above));
    }
  }
  [[nodiscard]] const std::vector<Hash>& leaves() const { return levels_.front(); }
  [[nodiscard]] TreeHead head() const override { return {leaves().size(), Hash{}}; }
  [[nodiscard]] Result<std::vector<Hash>> entries(std::uint8_t level, std::uint64_t index,
                                                  std::uint64_t count) const override {
    ++reads;
    if (level >= levels_.size() || count == 0 || count > kTileWidth ||
        index * kTileWidth + count > levels_[level].size()) {
      return Error{Errc::invalid_argument, "no such hashes"};
    }
    if (broken) return Error{Errc::corruption, "the tile is damaged"};
    const auto first = levels_[level].begin() + static_cast<std::ptrdiff_t>(index * kTileWidth);
    return std::vector<Hash>(first, first + static_cast<std::ptrdiff_t>(count));
  }

  mutable std::size_t reads = 0;
  bool broken = false;

 private:
  std::vector<std::vector<Hash>> levels_;
};

LeafTree tree_of(std::uint64_t count) {
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < count; ++i) {
    leaves.push_back(hasher().sha256({"leaf", std::to_string(i)}));
  }
  return LeafTree(std::move(leaves));
}

void expect_equal_proofs(const LeafTree& tree, std::uint64_t size, std::uint64_t older) {
  const auto leaves = std::span(tree.leaves()).first(size);
  const auto inclusion = inclusion_proof(hasher(), tree, older - 1, size);
  ASSERT_TRUE(inclusion);
  ASSERT_EQ(*inclusion, inclusion_proof(hasher(), leaves, older - 1)) << older << " of " << size;
  const auto consistency = consistency_proof(hasher(), tree, older, size);
  ASSERT_TRUE(consistency);
  ASSERT_EQ(*consistency, consistency_proof(hasher(), leaves, older)) << older << " of " << size;
}

TEST(Tree, ProvesAsTheWholeListOfLeavesDoesAtEverySmallSize) {
  const LeafTree tree = tree_of(300);  // proofs about any size, from the tiles of a longer tree
  for (std::uint64_t size = 0; size <= 140; ++size) {
    const auto head = head_at(hasher(), tree, size);
    ASSERT_TRUE(head);
    ASSERT_EQ(*head, (TreeHead{size, merkle_root(hasher(), std::span(tree.leaves()).first(size))}));
    for (std::uint64_t older = 1; older <= size; ++older) expect_equal_proofs(tree, size, older);
  }
}

TEST(Tree, ProvesAsTheWholeListOfLeavesDoesAroundTilesAndAtRandom) {
  const LeafTree tree = tree_of(kTileWidth * kTileWidth + 3 * kTileWidth + 9);
  const std::uint64_t top = tree.leaves().size();
  const std::uint64_t edges[] = {255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65792, top};
  for (const std::uint64_t size : edges) {
    ASSERT_EQ(head_at(hasher(), tree, size)->root,
              merkle_root(hasher(), std::span(tree.leaves()).first(size)));
    for (const std::uint64_t older : edges) {
      if (older <= size) expect_equal_proofs(tree, size, older);
    }
  }
  std::mt19937_64 random(71);
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t size = 1 + random() % top;
    expect_equal_proofs(tree, size, 1 + random() % size);
  }
}

TEST(Tree, ReadsAFewTilesHoweverLargeItIs) {
  const LeafTree tree = tree_of(kTileWidth * kTileWidth + 3 * kTileWidth + 9);
  const std::uint64_t top = tree.leaves().size();
  std::mt19937_64 random(72);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t size = 1 + random() % top;
    tree.reads = 0;
    ASSERT_TRUE(inclusion_proof(hasher(), tree, random() % size, size));
    ASSERT_LE(tree.reads, 9U);
    tree.reads = 0;
    ASSERT_TRUE(consistency_proof(hasher(), tree, 1 + random() % size, size));
    ASSERT_LE(tree.reads, 9U);
  }
}

TEST(Tree, SaysWhatCannotBeProved) {
  LeafTree tree = tree_of(10);
  EXPECT_EQ(head_at(hasher(), tree, 11).error().field, "size");
  EXPECT_EQ(inclusion_proof(hasher(), tree, 3, 11).error().field, "size");
  EXPECT_EQ(inclusion_proof(hasher(), tree, 5, 5).error().field, "position");
  EXPECT_EQ(consistency_proof(hasher(), tree, 3, 11).error().field, "to");
  EXPECT_EQ(consistency_proof(hasher(), tree, 0, 10).error().field, "from");
  EXPECT_EQ(consistency_proof(hasher(), tree, 9, 8).error().field, "from");
  EXPECT_EQ(consistency_proof(hasher(), tree, 9, 8).error().code, Errc::invalid_argument);
  tree.broken = true;
  EXPECT_EQ(inclusion_proof(hasher(), tree, 3, 10).error().code, Errc::corruption);
  EXPECT_EQ(consistency_proof(hasher(), tree, 3, 10).error().code, Errc::corruption);
  EXPECT_EQ(head_at(hasher(), tree, 10).error().code, Errc::corruption);
}

TEST(Tree, CountsTheHashesOfATile) {
  EXPECT_EQ(tile_entries(0, 0, 0), 0U);
  EXPECT_EQ(tile_entries(256, 0, 0), 256U);
  EXPECT_EQ(tile_entries(256, 0, 1), 0U);
  EXPECT_EQ(tile_entries(300, 0, 1), 44U);
  EXPECT_EQ(tile_entries(300, 1, 0), 1U);
  EXPECT_EQ(tile_entries(300, 2, 0), 0U);
  EXPECT_EQ(tile_entries(300, 8, 0), 0U);
  EXPECT_EQ(tile_entries(300, 0, ~std::uint64_t{0}), 0U);
  EXPECT_EQ(tile_entries(~std::uint64_t{0}, 7, 0), 255U);
}

TEST(Tree, OfTheLogInMemoryHasItsTiles) {
  const EventEquivalence equivalence;
  InMemoryEventLog log(hasher(), equivalence);
  const auto leaf_of = [&](std::uint64_t position) {
    Hash leaf;
    (void)log.read(Position{position}, [&](const RecordedEvent& event) {
      leaf = leaf_hash(event, hasher());
      return false;
    });
    return leaf;
  };
  for (std::uint64_t n = 0; n < 600; ++n) {
    log.append(support::request({support::event("session-s", "e" + std::to_string(n))}),
               [](const Result<Receipt>& receipt) { ASSERT_TRUE(receipt); });
  }
  const TreeHead now = log.tree();
  EXPECT_EQ(*head_at(hasher(), log.hashes(), 600), now);
  for (const std::uint64_t position : {0, 255, 256, 511, 512, 599}) {
    const auto proof = inclusion_proof(hasher(), log.hashes(), position, 600);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(verify_inclusion(hasher(), leaf_of(position), position, now, *proof));
  }
  EXPECT_EQ(log.hashes().entries(0, 2, 89).error().code, Errc::invalid_argument);
  EXPECT_EQ(log.hashes().entries(0, 0, 0).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace hansard::core
