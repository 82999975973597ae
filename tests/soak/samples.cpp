#include "samples.h"

#include <algorithm>
#include <cstdio>

namespace hansard::soak {

double growth_mb_per_minute(const std::vector<Sample>& samples) {
  if (samples.size() < 2) return 0;
  const auto count = static_cast<double>(samples.size());
  double time = 0;
  double memory = 0;
  for (const Sample& sample : samples) {
    time += sample.seconds / count;
    memory += sample.resident_mb / count;
  }
  double both = 0;
  double spread = 0;
  for (const Sample& sample : samples) {
    both += (sample.seconds - time) * (sample.resident_mb - memory);
    spread += (sample.seconds - time) * (sample.seconds - time);
  }
  return spread > 0 ? 60 * both / spread : 0;
}

std::vector<Sample> tail(const std::vector<Sample>& samples, double fraction) {
  const auto keep = static_cast<std::ptrdiff_t>(fraction * static_cast<double>(samples.size()));
  return {samples.end() - keep, samples.end()};
}

std::string table(const std::vector<Sample>& samples, std::size_t lines) {
  std::string out = "seconds  resident MB  descriptors  CPU s\n";
  const std::size_t step =
      std::max<std::size_t>(1, samples.size() / std::max<std::size_t>(lines, 1));
  for (std::size_t i = 0; i < samples.size(); i += step) {
    char line[96];
    std::snprintf(line, sizeof line, "%7.0f %12.1f %12zu %6.1f\n", samples[i].seconds,
                  samples[i].resident_mb, samples[i].descriptors, samples[i].cpu_seconds);
    out += line;
  }
  return out;
}

}  // namespace hansard::soak
