#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "samples.h"

namespace hansard::soak {
namespace {

constexpr Limits kLimits{.growth_mb_per_minute_max = 4, .resident_mb_max = 512};

/// Ten minutes that nobody lived through.
struct Story {
  std::uint64_t seed = 1;
  double rest_mb = 60;
  double leak_mb_per_minute = 0;
  double cache_mb = 40;
  double cache_mb_per_minute = 0;
  double cache_bound_mb = 201;
  double noise_mb = 3;  ///< either way, drawn for each sample
};

std::vector<Sample> tell(const Story& story) {
  std::mt19937_64 random(story.seed);
  std::uniform_real_distribution<double> noise(-story.noise_mb, story.noise_mb);
  std::vector<Sample> samples;
  for (double seconds = 0; seconds < 600; seconds += 0.5) {
    const double minutes = seconds / 60;
    const double cache = story.cache_mb + story.cache_mb_per_minute * minutes;
    Sample sample;
    sample.seconds = seconds;
    sample.bounded_mb = std::min(cache, story.cache_bound_mb);
    sample.resident_mb =
        story.rest_mb + story.leak_mb_per_minute * minutes + sample.bounded_mb + noise(random);
    samples.push_back(sample);
  }
  return samples;
}

class SoakVerdict : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SoakVerdict, CachesThatFillToTheirBoundsAreNoLeak) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const auto verdict = judge(tell({.seed = GetParam(), .cache_mb_per_minute = 15}), kLimits);
  EXPECT_TRUE(verdict.problems.empty()) << verdict.problems.front();
  EXPECT_NEAR(verdict.growth_mb_per_minute, 0, 0.5);
  EXPECT_NEAR(verdict.resident_mb_per_minute, 15, 3) << "that everything grew is told, too";
}

TEST_P(SoakVerdict, ALeakIsFoundAlsoBehindACacheThatFills) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (const double cache : {0.0, 15.0}) {
    const auto verdict = judge(
        tell({.seed = GetParam(), .leak_mb_per_minute = 5, .cache_mb_per_minute = cache}), kLimits);
    ASSERT_EQ(verdict.problems.size(), 1U) << "cache " << cache;
    EXPECT_NE(verdict.problems[0].find("grows"), std::string::npos);
    EXPECT_NEAR(verdict.growth_mb_per_minute, 5, 0.5);
  }
}

TEST_P(SoakVerdict, ALeakIsFoundAlsoWhereACacheShrinksByAsMuch) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const Story story{
      .seed = GetParam(), .leak_mb_per_minute = 8, .cache_mb = 150, .cache_mb_per_minute = -8};
  const auto verdict = judge(tell(story), kLimits);
  EXPECT_NEAR(verdict.resident_mb_per_minute, 0, 0.5);
  EXPECT_EQ(verdict.problems.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SoakVerdict, ::testing::Range<std::uint64_t>(1, 21));

TEST(SoakVerdictOfMemory, MoreThanAllowedAtAnyMomentIsTold) {
  auto samples = tell({});
  samples[3].resident_mb = 513;
  const auto verdict = judge(samples, kLimits);
  ASSERT_EQ(verdict.problems.size(), 1U);
  EXPECT_NE(verdict.problems[0].find("513"), std::string::npos);
  EXPECT_FALSE(judge({}, kLimits).problems.empty()) << "no sample is no proof";
}

TEST(SoakVerdictOfMemory, OnlyWhatHasABoundIsSetAsideAndNoMoreThanTheBound) {
  const std::string metrics =
      "# HELP hansard_memory_bytes Memory in use, by purpose.\n"
      "# TYPE hansard_memory_bytes gauge\n"
      "hansard_memory_bytes{purpose=\"block_cache\"} 30000000\n"
      "hansard_memory_bytes{purpose=\"state_cache\"} 90000000\n"
      "hansard_memory_bytes{purpose=\"table_readers\"} 5000000\n"
      "hansard_memory_budget_bytes{purpose=\"block_cache\"} 201326592\n"
      "hansard_memory_budget_bytes{purpose=\"state_cache\"} 64000000\n"
      "hansard_memory_budget_bytes{purpose=\"table_readers\"} 0\n";
  const auto held = bounded_mb(metrics);
  ASSERT_TRUE(held.has_value());
  EXPECT_DOUBLE_EQ(*held, 30 + 64);
  EXPECT_FALSE(bounded_mb("hansard_log_end 5\n").has_value());
  EXPECT_FALSE(bounded_mb("hansard_memory_bytes{purpose=\"block_cache\"} 1\n").has_value())
      << "a bound that is not told is no bound";
}

}  // namespace
}  // namespace hansard::soak
