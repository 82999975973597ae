#pragma once

#include <cstdint>

namespace hansard::events::experiment {

/// Units per variant that find a difference with the power asked for, looked at once, two-sided,
/// equal shares (normal approximation; rounded up; at most kUnitsMost).
/// @pre difference != 0, 0 < alpha < 1, 0 < power < 1; variance >= 0 of one unit.
std::uint64_t units_needed(double difference, double variance_a, double variance_b, double alpha,
                           double power);
/// Likewise looked at all the time, by the sequence of `always_valid` (at its end: found earlier,
/// the same units would have done). At most kUnitsMost.
std::uint64_t units_needed_always_valid(double difference, double variance_a, double variance_b,
                                        double alpha, double power, double tuned_for);
inline constexpr std::uint64_t kUnitsMost = std::uint64_t{1} << 50;
/// The power with which `units` per variant find a difference.
double power_of(double difference, double variance_a, double variance_b, double alpha,
                std::uint64_t units);
/// The least difference that `units` per variant find with that power.
double detectable(double variance_a, double variance_b, double alpha, double power,
                  std::uint64_t units);

}  // namespace hansard::events::experiment
