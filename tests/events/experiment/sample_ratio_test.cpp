#include "events/experiment/sample_ratio.h"

#include <gtest/gtest.h>

#include <random>

namespace hansard::events::experiment {
namespace {

struct Published {
  std::vector<std::uint64_t> counts;
  std::vector<double> weights;
  double statistic;
  double p;
  double within;  ///< of p, half a unit of its last digit
};

TEST(SampleRatio, TheFixedTestIsAsPublished) {
  const std::vector<Published> table{
      {{821'588, 815'482}, {0.5, 0.5}, 22.774, 1.82e-6, 0.5e-8},
      {{1'000, 1'100}, {1, 1}, 4.76190, 0.0290963, 0.5e-7},
      {{5'000, 5'300}, {1, 1}, 8.73786, 0.00311669, 0.5e-8},
      {{333, 333, 400}, {1, 1, 1}, 8.42214, 0.0148305, 0.5e-7},
      {{9'000, 1'100}, {9, 1}, 8.91089, 0.00283475, 0.5e-8},
  };
  for (const Published& row : table) {
    const ChiSquare test = sample_ratio_test(row.counts, row.weights);
    EXPECT_NEAR(test.statistic, row.statistic, 0.5e-3);
    EXPECT_NEAR(test.p, row.p, row.within);
  }
  EXPECT_EQ(sample_ratio_test(std::vector<std::uint64_t>{0, 0}, std::vector<double>{1, 1}).p, 1);
}

/// Looked at after every unit, a right split raises few alarms and a wrong one is found.
TEST(SampleRatio, TheSequentialTestMayBeLookedAtAllTheTime) {
  const std::vector<double> weights{0.5, 0.5};
  const auto alarms = [&](double share) {
    int raised = 0;
    for (unsigned run = 0; run < 200; ++run) {
      std::mt19937_64 random(run);
      std::bernoulli_distribution first(share);
      std::vector<std::uint64_t> counts{0, 0};
      bool alarm = false;
      for (int unit = 0; unit < 5'000 && !alarm; ++unit) {
        ++counts[first(random) ? 0 : 1];
        alarm = sequential_sample_ratio_p(counts, weights) < 0.05;
      }
      raised += alarm ? 1 : 0;
    }
    return raised;
  };
  // Bound 0.05 + 3 standard errors of 200 runs.
  EXPECT_LE(alarms(0.5), 19);
  EXPECT_GE(alarms(0.55), 195);
}

TEST(SampleRatio, FewUnitsAreNoEvidence) {
  EXPECT_EQ(sequential_sample_ratio_p(std::vector<std::uint64_t>{0, 0}, std::vector<double>{1, 3}),
            1);
  EXPECT_GT(sequential_sample_ratio_p(std::vector<std::uint64_t>{3, 0}, std::vector<double>{1, 1}),
            0.9);
}

}  // namespace
}  // namespace hansard::events::experiment
