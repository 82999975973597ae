#include "text/charts.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hansard::cli {
namespace {

TEST(Charts, ABarIsAsLongAsItsPart) {
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(0.5, 4), "██");
  EXPECT_EQ(bar(0.625, 2), "█▎");
  EXPECT_EQ(bar(0.0001, 4), "▏");
  EXPECT_EQ(bar(0, 4), "");
  EXPECT_EQ(bar(-1, 4), "");
  EXPECT_EQ(bar(7, 2), "██");
  EXPECT_EQ(bar(std::nan(""), 4), "");
  EXPECT_EQ(bar(1, 0), "");
}

TEST(Charts, ASparkLineGoesFromTheLeastToTheMost) {
  EXPECT_EQ(spark({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(spark({5, std::nullopt, 10}), "▁ █");
  EXPECT_EQ(spark({3, 3}), "▄▄");
  EXPECT_EQ(spark({std::nullopt}), " ");
  EXPECT_EQ(spark({}), "");
}

TEST(Charts, APartIsSaidInPercent) {
  EXPECT_EQ(percent_text(0.004), "0.4 %");
  EXPECT_EQ(percent_text(0.123), "12 %");
  EXPECT_EQ(percent_text(1), "100 %");
}

}  // namespace
}  // namespace hansard::cli
