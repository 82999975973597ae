#include "events/experiment/power.h"

#include <boost/math/distributions/normal.hpp>
#include <cmath>

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
  return static_cast<std::uint64_t>(
      std::ceil(z * z * (variance_a + variance_b) / (difference * difference)));
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
