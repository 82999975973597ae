#include "events/experiment/analysis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "events/experiment/metric.h"
#include "events/experiment/sample_ratio.h"

namespace hansard::events::experiment {
namespace {

ExperimentCreated plan_of(std::size_t variants = 2) {
  ExperimentCreated plan;
  const std::vector<std::string> names{"A", "B", "C", "D"};
  for (std::size_t i = 0; i < variants; ++i) {
    plan.variants.emplace_back().name = names[i];
    plan.variants.back().share = kSharesWhole / static_cast<std::uint32_t>(variants);
  }
  plan.metric.name = "resolved";
  plan.minimum_sample = 200;
  plan.alpha = 0.05;
  return plan;
}

MetricPlan guardrail(std::string name, double margin = 0) {
  MetricPlan metric;
  metric.name = std::move(name);
  metric.margin = margin;
  return metric;
}

Observed part(std::uint64_t n, std::uint64_t successes) {
  Observed out;
  out.moments = ProportionSums{n, successes}.moments();
  out.proportion = true;
  out.units = out.values = n;
  return out;
}
Observed mean(std::uint64_t n, double average, double deviation) {
  Observed out;
  out.moments = {static_cast<double>(n), average, deviation * deviation};
  out.units = out.values = n;
  return out;
}

/// As many units of each variant as their first metric says.
Seen seen_of(const ExperimentCreated& plan, std::vector<std::vector<Observed>> metrics) {
  Seen seen;
  ExposureCounts edition;
  for (std::size_t i = 0; i < plan.variants.size(); ++i) {
    edition.shares.push_back(plan.variants[i].share);
    edition.exposed.push_back(metrics[0][i].units);
  }
  seen.editions.push_back(edition);
  seen.metrics = std::move(metrics);
  return seen;
}

bool says(const Analysis& analysis, std::string_view words) {
  for (const std::string& each : analysis.reasons) {
    if (each.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST(Analysis, TheBetterVariantWinsAndTheReasonHasTheNumbers) {
  const auto plan = plan_of();
  const Analysis analysis =
      analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'800)}}));
  EXPECT_EQ(analysis.decision, Decision::winner);
  EXPECT_EQ(analysis.variant, 1U);
  EXPECT_EQ(analysis.metric, 0U);
  EXPECT_TRUE(says(analysis,
                   "B is better by resolved: B has 0.56 beside 0.5 of A, a difference of "
                   "+0.06 ["))
      << analysis.reasons.at(0);
  EXPECT_TRUE(says(analysis, "(+12 %)"));
}

TEST(Analysis, ADirectionIsThatOfTheGoal) {
  auto plan = plan_of();
  plan.metric.goal = Goal::decrease;
  const Seen seen = seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'800)}});
  const Analysis analysis = analyse(plan, seen);
  // With one treatment that is worse, the control is the best there is.
  EXPECT_EQ(analysis.decision, Decision::winner);
  EXPECT_EQ(analysis.variant, 0U);
  EXPECT_TRUE(says(analysis, "The control A wins"));
}

TEST(Analysis, TheControlWinsOnlyWhenEveryTreatmentIsWorse) {
  const auto plan = plan_of(3);
  const Analysis one =
      analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'100), part(5'000, 2'480)}}));
  EXPECT_EQ(one.decision, Decision::wait);
  const Analysis both =
      analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'100), part(5'000, 2'200)}}));
  EXPECT_EQ(both.decision, Decision::winner);
  EXPECT_EQ(both.variant, 0U);
}

TEST(Analysis, TheBestOfTheBetterWins) {
  const auto plan = plan_of(3);
  const Analysis analysis =
      analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'750), part(5'000, 2'900)}}));
  EXPECT_EQ(analysis.decision, Decision::winner);
  EXPECT_EQ(analysis.variant, 2U);
  EXPECT_TRUE(says(analysis, "B is better than A, too"));
}

TEST(Analysis, NobodyWinsBelowTheMinimumSample) {
  auto plan = plan_of();
  plan.minimum_sample = 300;
  const Analysis few = analyse(plan, seen_of(plan, {{part(300, 30), part(299, 270)}}));
  EXPECT_EQ(few.decision, Decision::wait);
  EXPECT_TRUE(says(few, "300 each are asked for"));
  EXPECT_FALSE(few.comparisons[0].better);
  const Analysis enough = analyse(plan, seen_of(plan, {{part(300, 30), part(300, 270)}}));
  EXPECT_EQ(enough.decision, Decision::winner);
}

TEST(Analysis, MoreTreatmentsAskForMoreEvidence) {
  const Observed control = part(4'000, 2'000);
  const Observed treatment = part(4'000, 2'150);
  const auto two = plan_of(2);
  const auto four = plan_of(4);
  const double alone = analyse(two, seen_of(two, {{control, treatment}})).comparisons[0].adjusted_p;
  const double among =
      analyse(four, seen_of(four, {{control, treatment, part(4'000, 2'010), part(4'000, 1'990)}}))
          .comparisons[0]
          .adjusted_p;
  EXPECT_NEAR(among, std::min(1.0, 3 * alone), 1e-12);
}

TEST(Analysis, AWrongSplitBlocksWhateverElseIsSeen) {
  auto plan = plan_of();
  plan.guardrails.push_back(guardrail("errors"));
  Seen seen = seen_of(
      plan, {{part(5'000, 2'500), part(5'000, 2'900)}, {part(5'000, 10), part(5'000, 4'000)}});
  seen.editions[0].exposed = {5'400, 4'600};
  const Analysis analysis = analyse(plan, seen);
  EXPECT_EQ(analysis.decision, Decision::blocked);
  EXPECT_TRUE(analysis.sample_ratio_alarm);
  EXPECT_TRUE(says(analysis, "of 10,000 units A got 5,400 and should have 5000"))
      << analysis.reasons.at(0);
}

TEST(Analysis, AnAlarmOnceRaisedStaysRaised) {
  const auto plan = plan_of();
  Seen seen = seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'800)}});
  seen.sample_ratio_p = 0.0005;
  EXPECT_EQ(analyse(plan, seen).decision, Decision::blocked);
}

TEST(Analysis, EditionsOfSharesAreTestedTogether) {
  // Half and half, then nine to one: right in each, though wrong in sum.
  const std::vector<ExposureCounts> right{{{5'000, 5'000}, {1'000, 1'000}},
                                          {{9'000, 1'000}, {1'800, 200}}};
  EXPECT_EQ(sample_ratio_p(right), 1);
  // Not enough of either alone, but of both together.
  const ExposureCounts off{{5'000, 5'000}, {2'125, 1'875}};
  const double alone = sample_ratio_p(std::vector<ExposureCounts>{off});
  EXPECT_GT(alone, kSampleRatioAlpha);
  EXPECT_NEAR(sample_ratio_p(std::vector<ExposureCounts>{off, off}), alone * alone, 1e-9);
  // A variant that was closed gets no unit.
  EXPECT_EQ(sample_ratio_p(std::vector<ExposureCounts>{{{10'000, 0}, {50, 0}}}), 1);
  EXPECT_EQ(sample_ratio_p(std::vector<ExposureCounts>{{{10'000, 0}, {50, 1}}}), 0);
}

TEST(Analysis, HarmIsLookedAtBeforeAWinner) {
  auto plan = plan_of();
  plan.guardrails.push_back(guardrail("errors"));
  const Analysis analysis = analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'900)},
                                                         {part(5'000, 50), part(5'000, 400)}}));
  EXPECT_EQ(analysis.decision, Decision::harm);
  EXPECT_EQ(analysis.variant, 1U);
  EXPECT_EQ(analysis.metric, 1U);
  EXPECT_TRUE(says(analysis, "B does harm: by the guardrail errors B has 0.08 beside 0.01 of A"))
      << analysis.reasons.at(0);
}

TEST(Analysis, AGuardrailSpeaksBeforeTheMinimumSampleOfAWinner) {
  auto plan = plan_of();
  plan.minimum_sample = 10'000;
  plan.guardrails.push_back(guardrail("errors"));
  const auto with = [&](std::uint64_t units) {
    return analyse(plan, seen_of(plan, {{part(units, units / 2), part(units, units / 2)},
                                        {part(units, 1), part(units, units / 2)}}))
        .decision;
  };
  EXPECT_EQ(with(kGuardrailSample), Decision::harm);
  EXPECT_EQ(with(kGuardrailSample - 1), Decision::wait);
}

TEST(Analysis, HarmWithinTheMarginIsTolerated) {
  auto plan = plan_of();
  const auto with = [&](double margin) {
    plan.guardrails = {guardrail("latency_us", margin)};
    return analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'500)},
                                        {mean(5'000, 1'000, 300), mean(5'000, 1'080, 300)}}));
  };
  EXPECT_EQ(with(0).decision, Decision::harm);
  EXPECT_EQ(with(0.10).decision, Decision::wait);
  const Analysis little = with(0.02);
  EXPECT_EQ(little.decision, Decision::harm);
  EXPECT_TRUE(says(little, "beyond the 2 % that are tolerated"));
}

TEST(Analysis, AGuardrailOfWhichMoreIsBetterIsHarmedByLess) {
  auto plan = plan_of();
  plan.guardrails = {guardrail("satisfaction", 0.05)};
  const auto with = [&](double treatment) {
    return analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'500)},
                                        {mean(5'000, 4, 1), mean(5'000, treatment, 1)}}))
        .decision;
  };
  EXPECT_EQ(with(4.5), Decision::wait);
  EXPECT_EQ(with(3.82), Decision::wait);
  EXPECT_EQ(with(3.6), Decision::harm);
}

TEST(Analysis, AVariantOfWhichEveryCallFailsDoesHarmThoughNothingVaries) {
  auto plan = plan_of();
  plan.guardrails = {guardrail("errors")};
  const Analysis analysis = analyse(
      plan, seen_of(plan, {{part(150, 75), part(150, 75)}, {part(150, 0), part(150, 150)}}));
  EXPECT_EQ(analysis.decision, Decision::harm);
}

TEST(Analysis, TheHorizonEndsAnExperimentWithoutADifference) {
  auto plan = plan_of();
  plan.horizon = 10'000;
  const auto with = [&](std::uint64_t treated) {
    return analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(treated, treated / 2)}}));
  };
  EXPECT_EQ(with(4'999).decision, Decision::wait);
  EXPECT_EQ(with(5'000).decision, Decision::no_difference);
  EXPECT_TRUE(says(with(5'000), "No difference: 10,000 units came, 10,000 were planned"));
}

TEST(Analysis, SecondaryMetricsTellAndNeverDecide) {
  auto plan = plan_of();
  plan.secondary = {guardrail("length"), guardrail("politeness")};
  const Analysis analysis = analyse(plan, seen_of(plan, {{part(5'000, 2'500), part(5'000, 2'500)},
                                                         {mean(5'000, 10, 1), mean(5'000, 20, 1)},
                                                         {mean(5'000, 1, 1), mean(5'000, 1, 1)}}));
  EXPECT_EQ(analysis.decision, Decision::wait);
  ASSERT_EQ(analysis.comparisons.size(), 3U);
  EXPECT_TRUE(analysis.comparisons[1].better);
  EXPECT_EQ(analysis.comparisons[1].role, MetricRole::secondary);
  EXPECT_FALSE(analysis.comparisons[2].better);
}

TEST(Analysis, WhatDoesNotVaryGivesNoVerdictInWords) {
  const auto plan = plan_of();
  const Analysis analysis = analyse(plan, seen_of(plan, {{mean(500, 1, 0), mean(500, 2, 0)}}));
  EXPECT_EQ(analysis.decision, Decision::wait);
  EXPECT_TRUE(says(analysis, "every unit of A and of B has the same resolved, 1 and 2"));
  // Of a part of a whole, more is known: it could have been otherwise.
  const Analysis none = analyse(plan, seen_of(plan, {{part(500, 0), part(500, 0)}}));
  EXPECT_TRUE(none.comparisons[0].absolute.known());
  EXPECT_FALSE(none.comparisons[0].relative.known());
  EXPECT_EQ(none.decision, Decision::wait);
  const Analysis apart = analyse(plan, seen_of(plan, {{part(500, 0), part(500, 500)}}));
  EXPECT_EQ(apart.decision, Decision::winner);
  EXPECT_TRUE(std::isfinite(apart.comparisons[0].sequence.upper));
}

TEST(Analysis, AHandfulOfSuccessesIsNotSurerThanItCanBe) {
  auto plan = plan_of();
  plan.variants[0].share = 9'000;
  plan.variants[1].share = 1'000;
  // One success of 300 says little of a rate of one in a hundred.
  const Analysis rare = analyse(plan, seen_of(plan, {{part(2'700, 40), part(300, 1)}}));
  const Comparison& comparison = rare.comparisons[0];
  EXPECT_DOUBLE_EQ(comparison.absolute.estimate, 1.0 / 300 - 40.0 / 2'700);
  const double b = 2.0 / 302;
  const double a = 41.0 / 2'702;
  EXPECT_NEAR(comparison.absolute.standard_error,
              std::sqrt(a * (1 - a) / 2'702 + b * (1 - b) / 302), 1e-12);
  EXPECT_EQ(rare.decision, Decision::wait);
  // Nothing was seen to differ: nothing is said to.
  const Analysis same = analyse(plan, seen_of(plan, {{part(3'600, 3'600), part(400, 400)}}));
  EXPECT_EQ(same.comparisons[0].absolute.estimate, 0);
}

TEST(Analysis, ARatioKeepsTheVarianceOfItsUnits) {
  auto plan = plan_of();
  plan.guardrails.push_back(guardrail("errors"));
  RatioSums sums;
  for (int unit = 0; unit < 1'000; ++unit) sums.add(unit % 5 == 0 ? 1 : 0, 4);
  Observed errors;
  errors.moments = sums.moments();
  errors.proportion = true;
  errors.units = sums.n;
  const Analysis analysis =
      analyse(plan, seen_of(plan, {{part(1'000, 500), part(1'000, 500)}, {errors, errors}}));
  EXPECT_NEAR(analysis.comparisons[1].absolute.standard_error,
              std::sqrt(2 * errors.moments.variance / 1'000), 1e-12);
}

TEST(Analysis, AControlAtZeroIsComparedAbsolutely) {
  const auto plan = plan_of();
  const Analysis analysis = analyse(plan, seen_of(plan, {{part(2'000, 0), part(2'000, 200)}}));
  EXPECT_EQ(analysis.decision, Decision::winner);
  EXPECT_EQ(analysis.comparisons[0].relative.reason, NoEffect::zero_baseline);
  EXPECT_FALSE(says(analysis, "%)"));
}

TEST(Analysis, NoNumberThatIsNoneComesOut) {
  const auto plan = plan_of();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (const double average : {0.0, -1.0, 1e-300, 1e300, 1.7e308, kNan, kInf}) {
    for (const double deviation : {0.0, 1e-160, 1.0, 1e150, 1e160, kNan, kInf}) {
      for (const std::uint64_t n : {0U, 1U, 2U, 500U}) {
        const Analysis analysis =
            analyse(plan, seen_of(plan, {{mean(n, average, deviation), mean(n, 3, 1)}}));
        for (const Comparison& each : analysis.comparisons) {
          for (const double value :
               {each.absolute.estimate, each.absolute.standard_error, each.relative.estimate,
                each.relative.standard_error, each.sequence.lower, each.sequence.upper,
                each.sequence.p, each.relative_sequence.lower, each.relative_sequence.upper,
                each.fixed.lower, each.fixed.upper, each.fixed.p, each.adjusted_p, each.harm_p}) {
            EXPECT_TRUE(std::isfinite(value)) << n << ' ' << average << ' ' << deviation;
          }
        }
        for (const std::string& reason : analysis.reasons) {
          EXPECT_EQ(reason.find("nan"), std::string::npos) << reason;
          EXPECT_EQ(reason.find("inf"), std::string::npos) << reason;
        }
      }
    }
  }
}

TEST(Metric, DefaultsAreThoseOfItsSource) {
  const MetricPlan thumbs = guardrail("thumbs");
  EXPECT_EQ(source_of(thumbs), MetricSource::score);
  EXPECT_EQ(goal_of(thumbs), Goal::increase);
  EXPECT_EQ(aggregate_of(thumbs), Aggregate::mean);
  EXPECT_EQ(missing_of(thumbs), Missing::left_out);
  const MetricPlan cost = guardrail("cost_usd");
  EXPECT_EQ(source_of(cost), MetricSource::call);
  EXPECT_EQ(goal_of(cost), Goal::decrease);
  EXPECT_EQ(aggregate_of(cost), Aggregate::sum);
  EXPECT_EQ(goal_of(guardrail("calls")), Goal::increase);
  EXPECT_EQ(aggregate_of(guardrail("latency_us")), Aggregate::ratio);
}

}  // namespace
}  // namespace hansard::events::experiment
