#include "events/experiment/power.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "events/experiment/effect.h"

namespace hansard::events::experiment {

namespace {

double quantile(double probability) {
  return boost::math::quantile(boost::math::normal(), probability);
}
double below(double z) { return boost::math::cdf(boost::math::normal(), z); }

}  // namespace

std::uint64_t units_needed(double difference, double variance_a, double variance_b, double alpha,
                           double power) {
  const double z = quantile(1 - alpha / 2) + quantile(power);
  const double units = std::ceil(z * z * (variance_a + variance_b) / (difference * difference));
  if (!(units < static_cast<double>(kUnitsMost))) return kUnitsMost;
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(units));
}

std::uint64_t units_needed_always_valid(double difference, double variance_a, double variance_b,
                                        double alpha, double power, double tuned_for) {
  const double z = quantile(power);
  const auto found = [&](std::uint64_t units) {
    Effect effect;
    effect.n = 2 * static_cast<double>(units);
    effect.standard_error = std::sqrt((variance_a + variance_b) / static_cast<double>(units));
    const double half_width = always_valid(effect, alpha, tuned_for).upper;
    return std::fabs(difference) >= half_width + z * effect.standard_error;
  };
  // The first that is enough: more units never find less.
  std::uint64_t few = 1;
  std::uint64_t enough = kUnitsMost;
  while (few < enough) {
    const std::uint64_t middle = few + (enough - few) / 2;
    if (found(middle)) {
      enough = middle;
    } else {
      few = middle + 1;
    }
  }
  return enough;
}

double power_of(double difference, double variance_a, double variance_b, double alpha,
                std::uint64_t units) {
  const double error = std::sqrt((variance_a + variance_b) / static_cast<double>(units));
  const double z = quantile(1 - alpha / 2);
  const double shift = std::fabs(difference) / error;
  return below(shift - z) + below(-shift - z);
}

double detectable(double variance_a, double variance_b, double alpha, double power,
                  std::uint64_t units) {
  const double z = quantile(1 - alpha / 2) + quantile(power);
  return z * std::sqrt((variance_a + variance_b) / static_cast<double>(units));
}

}  // namespace hansard::events::experiment
