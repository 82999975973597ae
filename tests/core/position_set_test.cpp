#include "core/position_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace hansard::core {
namespace {

TEST(PositionSet, JoinsWhatTouches) {
  PositionSet set;
  for (const std::uint64_t at : {5U, 6U, 9U, 7U, 8U}) set.add(Position{at});
  EXPECT_EQ(set.ranges(), (std::vector<PositionRange>{{{5}, {10}}}));
  EXPECT_EQ(set.count(), 5U);
}

TEST(PositionSet, AgreesWithASetOfNumbersAtRandom) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    PositionSet sets[2];
    std::set<std::uint64_t> plain[2];
    for (int i = 0; i < 2; ++i) {
      for (int n = 0; n < 20; ++n) {
        const std::uint64_t from = random() % 100;
        const std::uint64_t end = from + random() % 6;
        sets[i].add(PositionRange{{from}, {end}});
        for (auto at = from; at < end; ++at) plain[i].insert(at);
      }
    }
    PositionSet both = sets[0];
    both.add(sets[1]);
    PositionSet without = sets[0];
    without.remove(sets[1]);
    std::uint64_t left = 0;
    for (std::uint64_t at = 0; at < 110; ++at) {
      ASSERT_EQ(sets[0].contains({at}), plain[0].contains(at)) << at;
      ASSERT_EQ(both.contains({at}), plain[0].contains(at) || plain[1].contains(at)) << at;
      const bool kept = plain[0].contains(at) && !plain[1].contains(at);
      ASSERT_EQ(without.contains({at}), kept) << at;
      left += kept ? 1 : 0;
    }
    ASSERT_EQ(without.count(), left);
  }
}

}  // namespace
}  // namespace hansard::core
