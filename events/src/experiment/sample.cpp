#include "events/experiment/sample.h"

#include <algorithm>

namespace hansard::events::experiment {

namespace {

/// Sum of (x - mean x)(y - mean y); not below 0 by rounding when x is y.
double centred(double products, double x, double y, double n) { return products - x * y / n; }

}  // namespace

Moments MeanSums::moments() const {
  const auto count = static_cast<double>(n);
  if (n == 0) return {};
  if (n == 1) return {1, sum, 0};
  return {count, sum / count, std::max(0.0, centred(squares, sum, sum, count)) / (count - 1)};
}

Moments ProportionSums::moments() const {
  if (n == 0) return {};
  const auto count = static_cast<double>(n);
  const double part = static_cast<double>(successes) / count;
  return {count, part, part * (1 - part)};
}

Moments RatioSums::moments() const {
  const auto count = static_cast<double>(n);
  if (n < 2 || denominator == 0) return {count, 0, 0};
  const double above = numerator / count;
  const double below = denominator / count;
  const double above_variance =
      std::max(0.0, centred(numerator_squares, numerator, numerator, count)) / (count - 1);
  const double below_variance =
      std::max(0.0, centred(denominator_squares, denominator, denominator, count)) / (count - 1);
  const double covariance = centred(products, numerator, denominator, count) / (count - 1);
  const double ratio = above / below;
  const double variance =
      (above_variance - 2 * ratio * covariance + ratio * ratio * below_variance) / (below * below);
  return {count, ratio, std::max(0.0, variance)};
}

}  // namespace hansard::events::experiment
