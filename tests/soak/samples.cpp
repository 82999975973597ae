#include "samples.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace hansard::soak {
namespace {

/// Values of one family by their label `purpose`.
std::map<std::string, double, std::less<>> by_purpose(std::string_view metrics,
                                                      std::string_view family) {
  std::map<std::string, double, std::less<>> out;
  const std::string start = std::string(family) + "{purpose=\"";
  while (!metrics.empty()) {
    const std::string_view line = metrics.substr(0, metrics.find('\n'));
    metrics.remove_prefix(std::min(metrics.size(), line.size() + 1));
    if (line.substr(0, start.size()) != start) continue;
    const std::size_t quote = line.find('"', start.size());
    const std::size_t space = line.rfind(' ');
    if (quote == std::string_view::npos || space < quote) continue;
    const std::string number(line.substr(space + 1));
    out.emplace(line.substr(start.size(), quote - start.size()),
                std::strtod(number.c_str(), nullptr));
  }
  return out;
}

std::string said(const char* what, double value, double bound) {
  char text[160];
  std::snprintf(text, sizeof text, what, value, bound);
  return text;
}

}  // namespace

std::optional<double> bounded_mb(std::string_view metrics) {
  const auto held = by_purpose(metrics, "hansard_memory_bytes");
  const auto bounds = by_purpose(metrics, "hansard_memory_budget_bytes");
  double bytes = 0;
  bool any = false;
  for (const auto& [purpose, value] : held) {
    const auto bound = bounds.find(purpose);
    if (bound == bounds.end()) return {};
    if (bound->second <= 0) continue;
    bytes += std::min(value, bound->second);
    any = true;
  }
  if (!any) return {};
  return bytes / 1e6;
}

double slope_mb_per_minute(const std::vector<Sample>& samples, double (*number)(const Sample&)) {
  if (samples.size() < 2) return 0;
  const auto count = static_cast<double>(samples.size());
  double time = 0;
  double memory = 0;
  for (const Sample& sample : samples) {
    time += sample.seconds / count;
    memory += number(sample) / count;
  }
  double both = 0;
  double spread = 0;
  for (const Sample& sample : samples) {
    both += (sample.seconds - time) * (number(sample) - memory);
    spread += (sample.seconds - time) * (sample.seconds - time);
  }
  return spread > 0 ? 60 * both / spread : 0;
}

Verdict judge(const std::vector<Sample>& samples, const Limits& limits) {
  const auto settled = static_cast<std::ptrdiff_t>(samples.size() / 3);
  const std::vector<Sample> later(samples.begin() + settled, samples.end());
  Verdict verdict;
  verdict.growth_mb_per_minute =
      slope_mb_per_minute(later, [](const Sample& sample) { return sample.rest_mb(); });
  verdict.resident_mb_per_minute =
      slope_mb_per_minute(later, [](const Sample& sample) { return sample.resident_mb; });
  for (const Sample& sample : samples) {
    verdict.peak_resident_mb = std::max(verdict.peak_resident_mb, sample.resident_mb);
  }
  if (samples.empty()) verdict.problems.emplace_back("nothing was sampled");
  if (verdict.peak_resident_mb > limits.resident_mb_max) {
    verdict.problems.push_back(said("memory reached %.1f MB, above %.0f", verdict.peak_resident_mb,
                                    limits.resident_mb_max));
  }
  const double allowed = limits.growth_mb_per_minute_max;
  if (allowed > 0 && verdict.growth_mb_per_minute > allowed) {
    verdict.problems.push_back(
        said("memory that nothing bounds grows by %.2f MB a minute, above %.0f",
             verdict.growth_mb_per_minute, allowed));
  }
  return verdict;
}

std::string table(const std::vector<Sample>& samples, std::size_t lines) {
  std::string out = "seconds  resident MB  bounded MB  the rest MB  descriptors  CPU s\n";
  const std::size_t step =
      std::max<std::size_t>(1, samples.size() / std::max<std::size_t>(lines, 1));
  for (std::size_t i = 0; i < samples.size(); i += step) {
    char line[128];
    std::snprintf(line, sizeof line, "%7.0f %12.1f %11.1f %12.1f %12zu %6.1f\n", samples[i].seconds,
                  samples[i].resident_mb, samples[i].bounded_mb, samples[i].rest_mb(),
                  samples[i].descriptors, samples[i].cpu_seconds);
    out += line;
  }
  return out;
}

}  // namespace hansard::soak
