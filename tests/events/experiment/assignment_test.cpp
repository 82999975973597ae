#include "events/experiment/assignment.h"

#include <gtest/gtest.h>

#include <string>

namespace hansard::events::experiment {
namespace {

TEST(Assignment, BucketsAreThoseOfOtherSystems) {
  EXPECT_EQ(fnv32a(""), 0x811c9dc5U);
  EXPECT_EQ(fnv32a("a"), 0xe40c292cU);
  EXPECT_DOUBLE_EQ(bucket("seed", "a"), 0.0505);
  EXPECT_DOUBLE_EQ(bucket("seed", "b"), 0.2696);
  EXPECT_DOUBLE_EQ(bucket("foo", "ab"), 0.2575);
  EXPECT_DOUBLE_EQ(bucket("foo", "def"), 0.2019);
  EXPECT_DOUBLE_EQ(bucket("89123klj", "8952klfjas09ujkasdf"), 0.124);
  EXPECT_DOUBLE_EQ(bucket("90850943850283058242805", "123"), 0.7516);
}

TEST(Assignment, RangesLieSideBySide) {
  const auto halves = ranges(std::vector<double>{0.5, 0.5}, 0.5);
  EXPECT_EQ(halves, (std::vector<Range>{{0, 0.25}, {0.5, 0.75}}));
  const auto three = ranges(std::vector<double>{0.2, 0.3, 0.5}, 0.2);
  EXPECT_NEAR(three[0].upper, 0.04, 1e-12);
  EXPECT_NEAR(three[1].lower, 0.2, 1e-12);
  EXPECT_NEAR(three[1].upper, 0.26, 1e-12);
  EXPECT_NEAR(three[2].lower, 0.5, 1e-12);
  EXPECT_NEAR(three[2].upper, 0.6, 1e-12);
}

TEST(Assignment, AUnitStaysWhileCoverageGrows) {
  const std::vector<double> weights{0.3, 0.7};
  int in_all = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::string unit = "user-" + std::to_string(i);
    const auto few = variant_of("greeting", unit, ranges(weights, 0.1));
    const auto all = variant_of("greeting", unit, ranges(weights));
    ASSERT_TRUE(all);
    EXPECT_TRUE(!few || few == all);
    in_all += *all == 0 ? 1 : 0;
  }
  // Three standard errors around 600.
  EXPECT_NEAR(in_all, 600, 62);
}

}  // namespace
}  // namespace hansard::events::experiment
