#include "events/experiment/sample_ratio.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numeric>

#include "core/assert.h"

namespace hansard::events::experiment {

namespace {

double total(std::span<const double> weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

}  // namespace

ChiSquare sample_ratio_test(std::span<const std::uint64_t> counts,
                            std::span<const double> weights) {
  HANSARD_ASSERT(counts.size() == weights.size() && counts.size() >= 2, "a count a weight");
  const auto all =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
  if (all == 0) return {};
  ChiSquare test;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = all * weights[i] / total(weights);
    const double off = static_cast<double>(counts[i]) - expected;
    test.statistic += off * off / expected;
  }
  // The upper tail of chi square with k - 1 degrees of freedom.
  const double degrees = static_cast<double>(counts.size() - 1);
  test.p = boost::math::gamma_q(degrees / 2, test.statistic / 2);
  return test;
}

double sequential_sample_ratio_p(std::span<const std::uint64_t> counts,
                                 std::span<const double> weights) {
  return std::min(1.0, std::exp(-sequential_sample_ratio_evidence(counts, weights)));
}

double sequential_sample_ratio_evidence(std::span<const std::uint64_t> counts,
                                        std::span<const double> weights) {
  HANSARD_ASSERT(counts.size() == weights.size() && counts.size() >= 2, "a count a weight");
  double all = 0;
  double log_factor = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto count = static_cast<double>(counts[i]);
    const double share = weights[i] / total(weights);
    const double prior = kSampleRatioPrior * share;
    all += count;
    log_factor += std::lgamma(prior + count) - std::lgamma(prior) - count * std::log(share);
  }
  return log_factor + std::lgamma(kSampleRatioPrior) - std::lgamma(kSampleRatioPrior + all);
}

}  // namespace hansard::events::experiment
