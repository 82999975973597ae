#include "events/experiment/effect.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "events/experiment/corrections.h"
#include "events/experiment/power.h"

namespace hansard::events::experiment {
namespace {

/// What other implementations print, to the digits they print.
constexpr double kPrinted = 0.5e-5;

const Moments kRevenueA = MeanSums{3407, 1396.87, 52377.9767}.moments();
const Moments kRevenueB = MeanSums{3461, 2422.7, 134698.29}.moments();

TEST(Effect, OfTwoMeansIsAsGrowthbookPrintsIt) {
  const Effect relative = effect_of(kRevenueA, kRevenueB, Scale::relative);
  EXPECT_NEAR(relative.estimate, 0.70732, kPrinted);
  EXPECT_NEAR(relative.standard_error, 0.37879, kPrinted);
  const Verdict fixed = fixed_horizon(relative, 0.05);
  EXPECT_NEAR(fixed.lower, -0.03526, kPrinted);
  EXPECT_NEAR(fixed.upper, 1.44989, kPrinted);
  EXPECT_NEAR(fixed.p, 0.06191, kPrinted);

  const Effect absolute = effect_of(kRevenueA, kRevenueB, Scale::absolute);
  EXPECT_NEAR(absolute.estimate, 0.29, kPrinted);
  EXPECT_NEAR(absolute.standard_error, 0.12478, kPrinted);
  EXPECT_NEAR(fixed_horizon(absolute, 0.05).lower, 0.04538, kPrinted);
  EXPECT_NEAR(fixed_horizon(absolute, 0.05).upper, 0.53462, kPrinted);
  EXPECT_NEAR(fixed_horizon(absolute, 0.05).p, 0.02016, kPrinted);
}

TEST(Effect, OfTwoProportionsIsAsGrowthbookPrintsIt) {
  const Effect effect = effect_of(ProportionSums{28, 14}.moments(),
                                  ProportionSums{30, 16}.moments(), Scale::relative);
  EXPECT_NEAR(effect.standard_error, 0.27170, kPrinted);
  const Verdict fixed = fixed_horizon(effect, 0.05);
  EXPECT_NEAR(fixed.lower, -0.47767, kPrinted);
  EXPECT_NEAR(fixed.upper, 0.61101, kPrinted);
  EXPECT_NEAR(fixed.p, 0.80707, kPrinted);
}

TEST(Effect, ASequenceIsAsGrowthbookPrintsIt) {
  const Effect effect = effect_of(ProportionSums{3000, 1396}.moments(),
                                  ProportionSums{3461, 2422}.moments(), Scale::relative);
  EXPECT_NEAR(effect.estimate, 0.50386, kPrinted);
  EXPECT_NEAR(effect.standard_error, 0.03386, kPrinted);
  const Verdict sequence = always_valid(effect, 0.05, kTunedFor);
  EXPECT_NEAR(sequence.lower, 0.40098, kPrinted);
  EXPECT_NEAR(sequence.upper, 0.60675, kPrinted);
  EXPECT_LT(sequence.p, 1e-6);
}

TEST(Effect, AOneSidedSequenceIsAsGrowthbookPrintsIt) {
  const Effect effect =
      effect_of(MeanSums{3000, 1396.87, 52377.9767}.moments(), kRevenueB, Scale::absolute);
  EXPECT_NEAR(effect.estimate, 0.234377, 0.5e-6);
  const Verdict sequence = always_valid(effect, 0.05, kTunedFor, Sides::greater);
  EXPECT_NEAR(sequence.lower, -0.126568, 0.5e-6);
  EXPECT_TRUE(std::isinf(sequence.upper));
  // Theirs, 0.463165, is where their search for the same root ends; the root itself is ours.
  EXPECT_NEAR(sequence.p, 0.463165, 2e-4);
  const Verdict fixed = fixed_horizon(effect, 0.05, Sides::greater);
  EXPECT_NEAR(fixed.p, 0.035543, 0.5e-6);
  EXPECT_NEAR(fixed.lower, 0.020791, 0.5e-6);
}

TEST(Effect, TheMixtureIsThatOfItsAuthors) {
  EXPECT_NEAR(mixture_rho(100, 0.05), 12.60056, kPrinted);
  EXPECT_NEAR(mixture_rho(10'000, 0.05), 1260.056, 0.5e-3);
  // The boundary of a sum at variance v, in their terms: bound(100, ln 20).
  Effect unit;
  unit.n = 100;
  unit.standard_error = 1.0 / 10;
  EXPECT_NEAR(always_valid(unit, 0.05, 100).upper * 100, 30.35209, kPrinted);
  // In standard errors, where it is tightest.
  unit.n = 10'000;
  unit.standard_error = 1;
  EXPECT_NEAR(always_valid(unit, 0.05, 10'000).upper, 3.03521, kPrinted);
}

TEST(Effect, AnIntervalAndItsPAgreeAboutZero) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> estimates(-1, 1);
  for (int i = 0; i < 1'000; ++i) {
    Effect effect;
    effect.n = 10 + static_cast<double>(random() % 20'000);
    effect.degrees_of_freedom = effect.n - 2;
    effect.estimate = estimates(random);
    effect.standard_error = 0.2;
    for (const double alpha : {0.01, 0.05, 0.2}) {
      const Verdict fixed = fixed_horizon(effect, alpha);
      EXPECT_EQ(fixed.p<alpha, fixed.lower> 0 || fixed.upper < 0);
      const Verdict sequence = always_valid(effect, alpha, kTunedFor);
      EXPECT_EQ(sequence.p<alpha, sequence.lower> 0 || sequence.upper < 0);
      // Looking whenever one likes costs something.
      EXPECT_LT(sequence.lower, fixed.lower);
      const Verdict greater = always_valid(effect, alpha, kTunedFor, Sides::greater);
      EXPECT_EQ(greater.p<alpha, greater.lower> 0);
      const Verdict less = always_valid(effect, alpha, kTunedFor, Sides::less);
      EXPECT_EQ(less.p < alpha, less.upper < 0);
    }
  }
}

TEST(Effect, WhatCannotBeComparedSaysWhy) {
  const Moments one = MeanSums{1, 3, 9}.moments();
  EXPECT_EQ(effect_of(one, kRevenueB, Scale::absolute).reason, NoEffect::too_few);
  const Moments same = MeanSums{10, 20, 40}.moments();
  EXPECT_EQ(effect_of(same, same, Scale::absolute).reason, NoEffect::zero_variance);
  const Moments nothing = ProportionSums{50, 0}.moments();
  EXPECT_EQ(effect_of(nothing, kRevenueB, Scale::relative).reason, NoEffect::zero_baseline);
  EXPECT_TRUE(effect_of(nothing, kRevenueB, Scale::absolute).known());
}

TEST(Effect, ARatioOfOneEachIsTheMean) {
  RatioSums ratio;
  MeanSums mean;
  std::mt19937_64 random(7);
  for (int i = 0; i < 500; ++i) {
    const double value = static_cast<double>(random() % 1'000) / 10;
    ratio.add(value, 1);
    mean.add(value);
  }
  EXPECT_NEAR(ratio.moments().mean, mean.moments().mean, 1e-9);
  EXPECT_NEAR(ratio.moments().variance, mean.moments().variance, 1e-6);
}

/// The delta method against drawing users again and again.
TEST(Effect, ARatiosErrorIsThatOfItsSampling) {
  std::mt19937_64 random(11);
  std::poisson_distribution<int> calls(4);
  std::vector<double> ratios;
  double told = 0;
  for (int sample = 0; sample < 400; ++sample) {
    RatioSums sums;
    for (int user = 0; user < 300; ++user) {
      const int made = 1 + calls(random);
      std::binomial_distribution<int> failures(made, 0.2);
      sums.add(failures(random), made);
    }
    ratios.push_back(sums.moments().mean);
    told += std::sqrt(sums.moments().mean_variance()) / 400;
  }
  MeanSums spread;
  for (const double ratio : ratios) spread.add(ratio);
  const double seen = std::sqrt(spread.moments().variance);
  EXPECT_NEAR(told, seen, 0.12 * seen);
}

TEST(Corrections, RaisePAsPublished) {
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
  const std::vector<double> holm_expected{0.03, 0.06, 0.06, 0.02};
  const std::vector<double> bh_expected{0.02, 0.04, 0.04, 0.02};
  const auto held = holm(p);
  const auto found = benjamini_hochberg(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_NEAR(held[i], holm_expected[i], 1e-12);
    EXPECT_NEAR(found[i], bh_expected[i], 1e-12);
  }
  EXPECT_TRUE(holm({}).empty());
}

TEST(Power, SizeAndPowerAndDifferenceAreOneEquation) {
  // 10 % against 12 %: 3,839 each by the textbook formula with both variances.
  const double a = 0.1 * 0.9;
  const double b = 0.12 * 0.88;
  const std::uint64_t units = units_needed(0.02, a, b, 0.05, 0.8);
  EXPECT_EQ(units, 3'839U);
  EXPECT_NEAR(power_of(0.02, a, b, 0.05, units), 0.8, 1e-3);
  EXPECT_NEAR(detectable(a, b, 0.05, 0.8, units), 0.02, 1e-5);
  // Looking all the time costs units, and a difference that is almost none cannot be had.
  const std::uint64_t looking = units_needed_always_valid(0.02, a, b, 0.05, 0.8, 2.0 * 3'839);
  EXPECT_GT(looking, 3 * units / 2);
  EXPECT_LT(looking, 3 * units);
  EXPECT_EQ(units_needed(1e-12, a, b, 0.05, 0.8), kUnitsMost);
  EXPECT_EQ(units_needed_always_valid(1e-12, a, b, 0.05, 0.8, kTunedFor), kUnitsMost);
}

}  // namespace
}  // namespace hansard::events::experiment
