#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hansard::soak {

/// The server at one moment.
struct Sample {
  double seconds = 0;  ///< since the first
  double resident_mb = 0;
  std::size_t descriptors = 0;
  double cpu_seconds = 0;
};

/// Growth of memory in MB a minute, by least squares over all of `samples`. 0 for fewer than two.
double growth_mb_per_minute(const std::vector<Sample>& samples);

/// The last `fraction` of `samples`.
std::vector<Sample> tail(const std::vector<Sample>& samples, double fraction);

/// At most `lines` of them, evenly, as a table.
std::string table(const std::vector<Sample>& samples, std::size_t lines);

}  // namespace hansard::soak
