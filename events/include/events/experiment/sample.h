#pragma once

#include <cstdint>

/// What was observed of one variant, as sums: enough for every method here, and sums of parts add
/// up to the sums of the whole.
namespace hansard::events::experiment {

/// Mean and variance of the mean's value per unit, as the methods need them.
struct Moments {
  double n = 0;         ///< units
  double mean = 0;      ///< 0 while n is 0
  double variance = 0;  ///< of one unit
  /// Of the mean. @pre n > 0.
  [[nodiscard]] double mean_variance() const { return variance / n; }
};

/// One number per unit: latency, cost, a score.
struct MeanSums {
  std::uint64_t n = 0;
  double sum = 0;
  double squares = 0;
  void add(double value) {
    ++n;
    sum += value;
    squares += value * value;
  }
  /// Variance with n - 1; 0 below two units.
  [[nodiscard]] Moments moments() const;
  bool operator==(const MeanSums&) const = default;
};

/// Yes or no per unit: thumbs, resolved, failed.
struct ProportionSums {
  std::uint64_t n = 0;
  std::uint64_t successes = 0;
  void add(bool success) {
    ++n;
    successes += success ? 1 : 0;
  }
  /// Variance p(1-p).
  [[nodiscard]] Moments moments() const;
  bool operator==(const ProportionSums&) const = default;
};

/// A numerator and a denominator per unit: errors per call where users have many calls.
struct RatioSums {
  std::uint64_t n = 0;
  double numerator = 0;
  double denominator = 0;
  double numerator_squares = 0;
  double denominator_squares = 0;
  double products = 0;
  void add(double above, double below) {
    ++n;
    numerator += above;
    denominator += below;
    numerator_squares += above * above;
    denominator_squares += below * below;
    products += above * below;
  }
  /// The ratio of the sums; its variance by the delta method (Deng, Knoblich and Lu, "Applying the
  /// delta method in metric analytics", KDD 2018).
  [[nodiscard]] Moments moments() const;
  bool operator==(const RatioSums&) const = default;
};

}  // namespace hansard::events::experiment
