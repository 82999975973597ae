#include "core/merkle.h"

#include <gtest/gtest.h>

#include "support/events.h"
#include "support/golden.h"

namespace hansard::core {
namespace {

using support::from_hex;
using support::hasher;

/// Test data of the certificate-transparency project, as used with RFC 6962.
std::vector<Hash> known_leaves() {
  std::vector<Hash> leaves;
  for (const char* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                          "606162636465666768696a6b6c6d6e6f"}) {
    leaves.push_back(hasher().sha256({std::string_view("\0", 1), from_hex(hex)}));
  }
  return leaves;
}

TEST(Merkle, KnownRootsOfRfc6962) {
  const char* roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                         "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  const auto leaves = known_leaves();
  for (std::size_t n = 0; n <= leaves.size(); ++n) {
    EXPECT_EQ(to_hex(as_bytes(merkle_root(hasher(), std::span(leaves).first(n)))), roots[n]) << n;
  }
}

std::vector<Hash> leaves_of(std::uint64_t count) {
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < count; ++i) {
    leaves.push_back(hasher().sha256({"leaf", std::to_string(i)}));
  }
  return leaves;
}

/// All hashes of one level of the tree's tiles: roots of its complete subtrees of 256^level leaves.
std::vector<Hash> level_hashes(const std::vector<Hash>& leaves, unsigned level) {
  std::vector<Hash> hashes = leaves;
  for (; level > 0; --level) {
    std::vector<Hash> above;
    for (std::size_t i = 0; i + kTileWidth <= hashes.size(); i += kTileWidth) {
      above.push_back(merkle_root(hasher(), std::span(hashes).subspan(i, kTileWidth)));
    }
    hashes = std::move(above);
  }
  return hashes;
}

TEST(MerkleEdge, HasTheRootOfTheWholeTreeAtEverySize) {
  const auto leaves = leaves_of(600);
  MerkleEdge edge(hasher());
  std::vector<FullTile> full;
  for (std::size_t n = 0; n <= leaves.size(); ++n) {
    ASSERT_EQ(edge.head(), (TreeHead{n, merkle_root(hasher(), std::span(leaves).first(n))})) << n;
    ASSERT_EQ(edge.partial(0).size(), n % kTileWidth);
    ASSERT_EQ(edge.partial(1).size(), n / kTileWidth);
    if (n < leaves.size()) edge.append(leaves[n], full);
  }
  EXPECT_TRUE(edge.partial(7).empty());
}

TEST(MerkleEdge, HandsOutEachTileOnceWhenItIsFull) {
  const auto leaves = leaves_of(kTileWidth * kTileWidth + 300);
  MerkleEdge edge(hasher());
  std::vector<FullTile> full;
  for (const Hash& leaf : leaves) edge.append(leaf, full);
  ASSERT_EQ(full.size(), 257U + 1U);
  const std::vector<Hash> levels[] = {leaves, level_hashes(leaves, 1)};
  std::uint64_t next[2] = {0, 0};
  for (const FullTile& tile : full) {
    ASSERT_LT(tile.level, 2);
    EXPECT_EQ(tile.index, next[tile.level]++);
    const auto expected =
        std::span(levels[tile.level]).subspan(tile.index * kTileWidth, kTileWidth);
    EXPECT_TRUE(
        std::equal(tile.hashes.begin(), tile.hashes.end(), expected.begin(), expected.end()));
  }
  EXPECT_EQ(next[0], 257U);
  EXPECT_EQ(next[1], 1U);
  EXPECT_EQ(edge.partial(0).size(), 44U);
  EXPECT_EQ(edge.partial(1).size(), 1U);
  EXPECT_EQ(edge.partial(2).size(), 1U);
}

TEST(MerkleEdge, IsRestoredAtAnySizeAndGrowsOnTheSame) {
  const std::uint64_t top = kTileWidth * kTileWidth + 2 * kTileWidth + 7;
  const auto leaves = leaves_of(top + 3);
  const std::vector<std::vector<Hash>> levels = {leaves, level_hashes(leaves, 1),
                                                 level_hashes(leaves, 2)};
  std::vector<std::uint64_t> sizes = {511, 512, 513, 1000, 65535, 65536, 65537, 65792, top};
  for (std::uint64_t n = 0; n <= 300; ++n) sizes.push_back(n);
  for (const std::uint64_t size : sizes) {
    const auto partial = [&](std::uint8_t level, std::uint64_t index,
                             std::uint64_t count) -> Result<std::vector<Hash>> {
      const auto first = levels.at(level).begin() + static_cast<std::ptrdiff_t>(index * kTileWidth);
      return std::vector<Hash>(first, first + static_cast<std::ptrdiff_t>(count));
    };
    auto edge = MerkleEdge::restore(hasher(), size, partial);
    ASSERT_TRUE(edge);
    ASSERT_EQ(edge->head().root, merkle_root(hasher(), std::span(leaves).first(size))) << size;
    std::vector<FullTile> full;
    for (std::uint64_t n = size; n < size + 3; ++n) edge->append(leaves[n], full);
    ASSERT_EQ(edge->head().root, merkle_root(hasher(), std::span(leaves).first(size + 3))) << size;
  }
}

TEST(MerkleEdge, RestoringTellsOfDamagedTiles) {
  const auto short_tile = MerkleEdge::restore(
      hasher(), 5, [](auto, auto, auto) -> Result<std::vector<Hash>> { return leaves_of(4); });
  ASSERT_FALSE(short_tile);
  EXPECT_EQ(short_tile.error().code, Errc::corruption);
  const auto unreadable =
      MerkleEdge::restore(hasher(), 5, [](auto, auto, auto) -> Result<std::vector<Hash>> {
        return Error{Errc::unavailable, "no"};
      });
  EXPECT_EQ(unreadable.error().code, Errc::unavailable);
}

TEST(MerkleProof, InclusionHoldsForEveryLeafOfEveryTreeAndForNoOther) {
  const auto all = leaves_of(70);
  for (std::uint64_t n = 1; n <= all.size(); ++n) {
    const auto leaves = std::span(all).first(n);
    const TreeHead head{n, merkle_root(hasher(), leaves)};
    for (std::uint64_t i = 0; i < n; ++i) {
      auto proof = inclusion_proof(hasher(), leaves, i);
      ASSERT_LE(proof.size(), 7U);
      ASSERT_TRUE(verify_inclusion(hasher(), leaves[i], i, head, proof)) << i << " of " << n;
      ASSERT_FALSE(verify_inclusion(hasher(), all[(i + 1) % 70], i, head, proof));
      ASSERT_FALSE(verify_inclusion(hasher(), leaves[i], n, head, proof));
      if (n > 1) {
        ASSERT_FALSE(verify_inclusion(hasher(), leaves[i], (i + 1) % n, head, proof));
        proof.back()[5] ^= 1;
        ASSERT_FALSE(verify_inclusion(hasher(), leaves[i], i, head, proof));
        proof.back()[5] ^= 1;
      }
      proof.push_back(all[0]);
      ASSERT_FALSE(verify_inclusion(hasher(), leaves[i], i, head, proof)) << "too long";
      proof.pop_back();
      if (!proof.empty()) {
        proof.pop_back();
        ASSERT_FALSE(verify_inclusion(hasher(), leaves[i], i, head, proof)) << "too short";
      }
    }
  }
}

TEST(MerkleProof, ConsistencyHoldsBetweenEveryTwoSizesAndForNoOtherRoot) {
  const auto all = leaves_of(70);
  std::vector<TreeHead> heads;
  for (std::uint64_t n = 0; n <= all.size(); ++n) {
    heads.push_back({n, merkle_root(hasher(), std::span(all).first(n))});
  }
  for (std::uint64_t n = 1; n <= all.size(); ++n) {
    for (std::uint64_t m = 1; m <= n; ++m) {
      auto proof = consistency_proof(hasher(), std::span(all).first(n), m);
      ASSERT_TRUE(verify_consistency(hasher(), heads[m], heads[n], proof)) << m << " in " << n;
      TreeHead other = heads[m];
      other.root[0] ^= 1;
      ASSERT_FALSE(verify_consistency(hasher(), other, heads[n], proof)) << m << " in " << n;
      other = heads[n];
      other.root[0] ^= 1;
      ASSERT_FALSE(verify_consistency(hasher(), heads[m], other, proof)) << m << " in " << n;
      proof.push_back(all[0]);
      ASSERT_FALSE(verify_consistency(hasher(), heads[m], heads[n], proof)) << "too long";
      proof.pop_back();
      if (!proof.empty()) {
        proof.pop_back();
        ASSERT_FALSE(verify_consistency(hasher(), heads[m], heads[n], proof)) << "too short";
      }
    }
  }
  EXPECT_FALSE(verify_consistency(hasher(), heads[5], heads[4], {}));
  EXPECT_FALSE(verify_consistency(hasher(), heads[0], heads[4], {}));
}

/// Proofs printed in the certificate-transparency project for its eight leaves.
TEST(MerkleProof, KnownPathOfRfc6962) {
  const auto leaves = known_leaves();
  const auto path = inclusion_proof(hasher(), leaves, 0);
  ASSERT_EQ(path.size(), 3U);
  EXPECT_EQ(to_hex(as_bytes(path[0])),
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
  EXPECT_EQ(to_hex(as_bytes(path[1])),
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e");
  EXPECT_EQ(to_hex(as_bytes(path[2])),
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");
}

}  // namespace
}  // namespace hansard::core
