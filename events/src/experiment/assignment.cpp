#include "events/experiment/assignment.h"

#include <algorithm>
#include <string>

namespace hansard::events::experiment {

namespace {
constexpr std::uint32_t kBuckets = 10'000;
}  // namespace

std::uint32_t fnv32a(std::string_view text) {
  std::uint32_t hash = 2'166'136'261;
  for (const char byte : text) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 16'777'619;
  }
  return hash;
}

double bucket(std::string_view seed, std::string_view unit) {
  const std::uint32_t first = fnv32a(std::string(seed) + std::string(unit));
  return static_cast<double>(fnv32a(std::to_string(first)) % kBuckets) / kBuckets;
}

std::vector<Range> ranges(std::span<const double> weights, double coverage) {
  std::vector<Range> all;
  double from = 0;
  for (const double weight : weights) {
    all.push_back({from, from + coverage * weight});
    from += weight;
  }
  return all;
}

std::optional<std::size_t> variant_of(std::string_view seed, std::string_view unit,
                                      std::span<const Range> ranges) {
  const double at = bucket(seed, unit);
  const auto found = std::find_if(ranges.begin(), ranges.end(), [&](const Range& range) {
    return at >= range.lower && at < range.upper;
  });
  if (found == ranges.end()) return std::nullopt;
  return static_cast<std::size_t>(found - ranges.begin());
}

}  // namespace hansard::events::experiment
