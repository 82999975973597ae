#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hansard::events::experiment {

/// Do units arrive in the shares that were asked for? If not, something drops units of one variant
/// and no comparison can be trusted.

struct ChiSquare {
  double statistic = 0;
  double p = 1;
};
/// Pearson's test, for one look. @pre as many counts as weights, at least two; weights positive.
ChiSquare sample_ratio_test(std::span<const std::uint64_t> counts, std::span<const double> weights);

/// The sequential multinomial test (Lindon and Malek, "Anytime-valid inference for multinomial
/// count data", NeurIPS 2022): may be looked at after every unit. Its Dirichlet prior is
/// `kSampleRatioPrior` times the expected shares.
/// @return the always-valid p of these counts in whatever order they came: 1 / Bayes factor, at
/// most 1. Callers that look again keep the least so far.
double sequential_sample_ratio_p(std::span<const std::uint64_t> counts,
                                 std::span<const double> weights);
/// Logarithm of the Bayes factor above: what independent counts say together is their sum.
double sequential_sample_ratio_evidence(std::span<const std::uint64_t> counts,
                                        std::span<const double> weights);
inline constexpr double kSampleRatioPrior = 1'000;
/// Below this p the split is wrong.
inline constexpr double kSampleRatioAlpha = 0.001;

}  // namespace hansard::events::experiment
