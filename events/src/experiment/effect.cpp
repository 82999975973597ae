#include "events/experiment/effect.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

namespace hansard::events::experiment {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Probability of a Student t at most this.
double t_below(double value, double degrees) {
  return boost::math::cdf(boost::math::students_t(degrees), value);
}
/// Probability of one above this, without losing the small ones.
double t_above(double value, double degrees) {
  return boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), value));
}

Verdict one_sided(double estimate, double half_width, double p, Sides sides) {
  if (sides == Sides::greater) return {estimate - half_width, kInfinity, p};
  return {-kInfinity, estimate + half_width, p};
}

}  // namespace

std::string_view to_word(NoEffect reason) {
  switch (reason) {
    case NoEffect::none:
      return "none";
    case NoEffect::too_few:
      return "too_few";
    case NoEffect::zero_variance:
      return "zero_variance";
    case NoEffect::zero_baseline:
      return "zero_baseline";
    case NoEffect::not_finite:
      return "not_finite";
  }
  return "none";
}

Effect effect_of(const Moments& a, const Moments& b, Scale scale) {
  Effect effect;
  effect.n = a.n + b.n;
  if (a.n < 2 || b.n < 2) {
    effect.reason = NoEffect::too_few;
    return effect;
  }
  if (scale == Scale::relative && a.mean == 0) {
    effect.reason = NoEffect::zero_baseline;
    return effect;
  }
  const double of_a = a.mean_variance();
  const double of_b = b.mean_variance();
  if (!(of_a + of_b > 0)) {
    const bool number = std::isfinite(of_a) && std::isfinite(of_b);
    effect.reason = number ? NoEffect::zero_variance : NoEffect::not_finite;
    return effect;
  }
  effect.estimate = b.mean - a.mean;
  double variance = of_a + of_b;
  if (scale == Scale::relative) {
    const double base = a.mean * a.mean;
    effect.estimate /= std::fabs(a.mean);
    variance = of_b / base + of_a * b.mean * b.mean / (base * base);
  }
  if (variance == 0) {
    // A treatment that is 0 in every unit is all of the baseline less, whatever chance did to that.
    return Effect{.reason = NoEffect::zero_variance, .n = effect.n};
  }
  effect.standard_error = std::sqrt(variance);
  // In parts of the whole, so that no square of a small or large variance leaves a double.
  const double part_a = of_a / (of_a + of_b);
  const double part_b = of_b / (of_a + of_b);
  effect.degrees_of_freedom = 1 / (part_a * part_a / (a.n - 1) + part_b * part_b / (b.n - 1));
  if (!std::isfinite(effect.estimate) || !std::isfinite(effect.standard_error) ||
      effect.standard_error <= 0 || !std::isfinite(effect.degrees_of_freedom)) {
    return Effect{.reason = NoEffect::not_finite, .n = effect.n};
  }
  return effect;
}

Verdict fixed_horizon(const Effect& effect, double alpha, Sides sides) {
  const double t = effect.estimate / effect.standard_error;
  const double degrees = effect.degrees_of_freedom;
  const double tail = sides == Sides::two ? alpha / 2 : alpha;
  const double half_width =
      boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), tail)) *
      effect.standard_error;
  if (sides == Sides::greater) {
    return one_sided(effect.estimate, half_width, t_above(t, degrees), sides);
  }
  if (sides == Sides::less) {
    return one_sided(effect.estimate, half_width, t_below(t, degrees), sides);
  }
  return {effect.estimate - half_width, effect.estimate + half_width,
          std::min(1.0, 2 * t_above(std::fabs(t), degrees))};
}

double mixture_rho(double tuned_for, double alpha) {
  const double log_alpha = -2 * std::log(alpha);
  return tuned_for / (log_alpha + std::log1p(log_alpha));
}

Verdict always_valid(const Effect& effect, double alpha, double tuned_for, Sides sides) {
  const double n = effect.n;
  // With v = (n + rho) / rho and s the evidence in squared standard errors: an interval reaches
  // sqrt(v / (v - 1) * 2 ln(...)) standard errors.
  const double z = effect.estimate / effect.standard_error;
  if (sides == Sides::two) {
    const double rho = mixture_rho(tuned_for, alpha);
    const double v = (n + rho) / rho;
    const double part = n / (n + rho);
    const double half_width =
        effect.standard_error * std::sqrt((std::log(v) - 2 * std::log(alpha)) / part);
    const double p = std::min(1.0, std::sqrt(v) * std::exp(-part * z * z / 2));
    return {effect.estimate - half_width, effect.estimate + half_width, p};
  }
  const double rho = mixture_rho(tuned_for, 2 * alpha);
  const double v = (n + rho) / rho;
  const double part = n / (n + rho);
  const double half_width =
      effect.standard_error * std::sqrt(2 * std::log1p(std::sqrt(v) / (2 * alpha)) / part);
  const double towards = sides == Sides::greater ? z : -z;
  // Where the end of the interval is at 0; an effect the other way is no evidence at all.
  const double p =
      towards <= 0 ? 1.0
                   : std::min(1.0, std::sqrt(v) / (2 * std::expm1(part * towards * towards / 2)));
  return one_sided(effect.estimate, half_width, p, sides);
}

}  // namespace hansard::events::experiment
