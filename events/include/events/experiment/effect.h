#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "events/experiment/sample.h"

namespace hansard::events::experiment {

enum class Scale : std::uint8_t {
  absolute,  ///< mean of b less mean of a
  relative   ///< that, as a part of |mean of a|
};

/// Why there is no effect to tell of.
enum class NoEffect : std::uint8_t {
  none,           ///< there is one
  too_few,        ///< a variant has less than two units
  zero_variance,  ///< no unit differs from another, in neither variant
  zero_baseline,  ///< relative to 0
  not_finite      ///< numbers too large to compare
};
std::string_view to_word(NoEffect reason);

/// How much b differs from a.
struct Effect {
  NoEffect reason = NoEffect::none;
  double estimate = 0;
  double standard_error = 0;
  double degrees_of_freedom = 0;  ///< Welch and Satterthwaite
  double n = 0;                   ///< units of both
  [[nodiscard]] bool known() const { return reason == NoEffect::none; }
};

/// The difference of two means; relative ones by the delta method: var_b/(n_b a^2) +
/// var_a b^2/(n_a a^4). Pure.
Effect effect_of(const Moments& a, const Moments& b, Scale scale);

/// Which difference a test asks about.
enum class Sides : std::uint8_t {
  two,
  greater,  ///< b is above a: the interval has no upper end
  less      ///< b is below a: the interval has no lower end
};

/// An interval at level 1 - alpha and the probability of what was seen if there were no difference.
struct Verdict {
  double lower = 0;  ///< minus infinity where the test is one-sided
  double upper = 0;
  double p = 1;
};

/// Welch's t test: valid when looked at once, at a size fixed before. @pre effect.known(), 0 <
/// alpha < 1.
Verdict fixed_horizon(const Effect& effect, double alpha, Sides sides = Sides::two);

/// The two-sided normal mixture confidence sequence (Howard, Ramdas, McAuliffe and Sekhon,
/// "Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021; its asymptotic form:
/// Waudby-Smith et al., arXiv 2103.06476): holds at every moment at once, however often one looks.
/// Tightest at `tuned_for` units. The p is theirs, eq. 155: always valid.
/// One-sided: the one-sided mixture at the same tuning; p is where the interval touches 0.
/// @pre effect.known(), 0 < alpha < 1 (one-sided: < 0.5), tuned_for > 0.
Verdict always_valid(const Effect& effect, double alpha, double tuned_for,
                     Sides sides = Sides::two);

/// rho of the mixture over sample size, (N* / (2 ln(1/alpha) + ln(1 + 2 ln(1/alpha)))).
double mixture_rho(double tuned_for, double alpha);

/// Units until which a sequence is tuned unless an experiment says so.
inline constexpr double kTunedFor = 5'000;

}  // namespace hansard::events::experiment
