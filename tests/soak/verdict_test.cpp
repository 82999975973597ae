#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "samples.h"

namespace hansard::soak {
namespace {

constexpr Limits kLimits{.growth_mb_per_minute_max = 4, .resident_mb_max = 512};

/// Ten minutes that nobody lived through.
struct Story {
  std::uint64_t seed = 1;
  double leak_mb_per_minute = 0;
  double cache_mb_per_minute = 0;  ///< of a cache that fills up to its bound
  double buffer_mb = 40;           ///< of a buffer that is emptied again and again
  bool given_back = true;          ///< whether the process gets smaller then
};

std::vector<Sample> tell(const Story& story) {
  constexpr double kRest = 60;
  constexpr double kCacheBound = 201;
  constexpr double kSecondsToFill = 90;
  std::mt19937_64 random(story.seed);
  std::uniform_real_distribution<double> noise(-3, 3);
  const double phase = std::uniform_real_distribution<double>(0, kSecondsToFill)(random);
  std::vector<Sample> samples;
  double most = 0;
  for (double seconds = 0; seconds < 600; seconds += 0.5) {
    const double minutes = seconds / 60;
    const double cache = std::min(20 + story.cache_mb_per_minute * minutes, kCacheBound);
    const double filled = std::fmod(seconds + phase, kSecondsToFill) / kSecondsToFill;
    const double buffer = story.buffer_mb * filled;
    most = story.given_back ? buffer : std::max(most, buffer);
    Sample sample;
    sample.seconds = seconds;
    sample.held = {{"block_cache", cache}, {"memtables", buffer}};
    sample.resident_mb = kRest + story.leak_mb_per_minute * minutes + cache + most + noise(random);
    samples.push_back(sample);
  }
  return samples;
}

class SoakVerdict : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SoakVerdict, CachesThatFillToTheirBoundsAreNoLeak) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (const double cache : {0.0, 15.0, 60.0}) {
    const Story story{.seed = GetParam(), .cache_mb_per_minute = cache, .given_back = false};
    const auto verdict = judge(tell(story), kLimits);
    EXPECT_TRUE(verdict.problems.empty()) << verdict.problems.front();
    EXPECT_NEAR(verdict.growth_mb_per_minute, 0, 0.5);
    if (cache == 15) {
      EXPECT_NEAR(verdict.resident_mb_per_minute, 15, 1) << "what grew is told all the same";
    }
  }
}

TEST_P(SoakVerdict, ALeakIsFoundAlsoBehindCachesThatFill) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (const double cache : {0.0, 15.0, 60.0}) {
    const Story story{.seed = GetParam(),
                      .leak_mb_per_minute = 5,
                      .cache_mb_per_minute = cache,
                      .given_back = false};
    const auto verdict = judge(tell(story), kLimits);
    ASSERT_EQ(verdict.problems.size(), 1U) << "cache " << cache;
    EXPECT_NE(verdict.problems[0].find("grows"), std::string::npos);
    EXPECT_NEAR(verdict.growth_mb_per_minute, 5, 0.5);
  }
}

TEST_P(SoakVerdict, ALeakIsFoundAlsoWhereBuffersAreGivenBack) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  const auto verdict = judge(tell({.seed = GetParam(), .leak_mb_per_minute = 8}), kLimits);
  EXPECT_EQ(verdict.problems.size(), 1U) << verdict.growth_mb_per_minute;
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
  const auto held = bounded(metrics);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(*held, (Held{{"block_cache", 30}, {"state_cache", 64}}));
  EXPECT_FALSE(bounded("hansard_log_end 5\n").has_value());
  EXPECT_FALSE(bounded("hansard_memory_bytes{purpose=\"block_cache\"} 1\n").has_value())
      << "a bound that is not told is no bound";
}

}  // namespace
}  // namespace hansard::soak
