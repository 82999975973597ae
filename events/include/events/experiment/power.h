#pragma once

#include <cstdint>

namespace hansard::events::experiment {

/// Units per variant that find a difference with the power asked for, looked at once, two-sided,
/// equal shares (normal approximation; rounded up).
/// @pre difference != 0, 0 < alpha < 1, 0 < power < 1; variance >= 0 of one unit.
std::uint64_t units_needed(double difference, double variance_a, double variance_b, double alpha,
                           double power);
/// The power with which `units` per variant find a difference.
double power_of(double difference, double variance_a, double variance_b, double alpha,
                std::uint64_t units);
/// The least difference that `units` per variant find with that power.
double detectable(double variance_a, double variance_b, double alpha, double power,
                  std::uint64_t units);

}  // namespace hansard::events::experiment
