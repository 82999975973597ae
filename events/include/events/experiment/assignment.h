#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace hansard::events::experiment {

/// FNV-1a, 32 bits (Fowler, Noll, Vo; public domain).
std::uint32_t fnv32a(std::string_view text);

/// Where a unit stands: 0 to 0.9999 in steps of 1/10,000, evenly spread, the same for ever.
/// `fnv32a(decimal(fnv32a(seed + unit))) mod 10000 / 10000`, as other systems have it.
double bucket(std::string_view seed, std::string_view unit);

/// Part of the buckets: lower <= bucket < upper.
struct Range {
  double lower = 0;
  double upper = 0;
  bool operator==(const Range&) const = default;
};

/// The buckets of each variant: weights side by side, each taking its first `coverage` part. So
/// more coverage adds units and moves none.
/// @pre weights are not negative and add up to 1; 0 <= coverage <= 1.
std::vector<Range> ranges(std::span<const double> weights, double coverage = 1.0);

/// The variant whose range the unit's bucket is in, or nothing: the unit takes no part.
std::optional<std::size_t> variant_of(std::string_view seed, std::string_view unit,
                                      std::span<const Range> ranges);

}  // namespace hansard::events::experiment
