#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hansard::soak {

/// The server at one moment.
struct Sample {
  double seconds = 0;  ///< since the first
  double resident_mb = 0;
  /// Of it, what caches and queues hold that have a name and a bound, as the server itself tells.
  double bounded_mb = 0;
  std::size_t descriptors = 0;
  double cpu_seconds = 0;

  /// What nothing bounds, and so may not grow.
  [[nodiscard]] double rest_mb() const { return resident_mb - bounded_mb; }
};

/// What `/metrics` says is held by purposes with a bound of their own, in MB: each at most its
/// bound, so that a cache that outgrows it counts as a leak. Nothing when the answer names no such
/// purpose, or one without its bound.
std::optional<double> bounded_mb(std::string_view metrics);

/// A straight line through one number of all of `samples` by least squares: its rise in MB a
/// minute. 0 for fewer than two.
double slope_mb_per_minute(const std::vector<Sample>& samples, double (*number)(const Sample&));

/// What the samples say about memory.
struct Verdict {
  double growth_mb_per_minute = 0;    ///< of what nothing bounds, over the later two thirds
  double resident_mb_per_minute = 0;  ///< of everything, over the same
  double peak_resident_mb = 0;
  std::vector<std::string> problems;  ///< none: memory is flat and small enough
};

struct Limits {
  double growth_mb_per_minute_max = 0;  ///< 0: too short to tell
  double resident_mb_max = 512;
};

/// Pure. The first third is for what settles: pools of connections, arenas of threads.
Verdict judge(const std::vector<Sample>& samples, const Limits& limits);

/// At most `lines` of them, evenly, as a table.
std::string table(const std::vector<Sample>& samples, std::size_t lines);

}  // namespace hansard::soak
