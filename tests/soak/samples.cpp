#include "samples.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace hansard::soak {
namespace {

/// Values of one family by their label `purpose`.
Held by_purpose(std::string_view metrics, std::string_view family) {
  Held out;
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
                std::strtod(number.c_str(), nullptr) / 1e6);
  }
  return out;
}

/// In MB a minute. 0 for fewer than two.
double slope(const std::vector<Sample>& samples, const std::vector<double>& mb, std::size_t from) {
  if (samples.size() < from + 2) return 0;
  const auto count = static_cast<double>(samples.size() - from);
  double time = 0;
  double memory = 0;
  for (std::size_t i = from; i < samples.size(); ++i) {
    time += samples[i].seconds / count;
    memory += mb[i] / count;
  }
  double both = 0;
  double spread = 0;
  for (std::size_t i = from; i < samples.size(); ++i) {
    both += (samples[i].seconds - time) * (mb[i] - memory);
    spread += (samples[i].seconds - time) * (samples[i].seconds - time);
  }
  return spread > 0 ? 60 * both / spread : 0;
}

std::string said(const char* what, double value, double bound) {
  char text[160];
  std::snprintf(text, sizeof text, what, value, bound);
  return text;
}

}  // namespace

std::optional<Held> bounded(std::string_view metrics) {
  Held held = by_purpose(metrics, "hansard_memory_bytes");
  const Held bounds = by_purpose(metrics, "hansard_memory_budget_bytes");
  for (auto each = held.begin(); each != held.end();) {
    const auto bound = bounds.find(each->first);
    if (bound == bounds.end()) return {};
    each->second = std::min(each->second, bound->second);
    each = bound->second > 0 ? std::next(each) : held.erase(each);
  }
  if (held.empty()) return {};
  return held;
}

std::vector<double> unbounded_mb(const std::vector<Sample>& samples) {
  std::vector<double> out;
  Held most;
  for (const Sample& sample : samples) {
    for (const auto& [purpose, mb] : sample.held) most[purpose] = std::max(most[purpose], mb);
    double rest = sample.resident_mb;
    for (const auto& [purpose, mb] : most) rest -= mb;
    out.push_back(rest);
  }
  return out;
}

Verdict judge(const std::vector<Sample>& samples, const Limits& limits) {
  const std::size_t settled = samples.size() / 3;
  std::vector<double> resident;
  for (const Sample& sample : samples) resident.push_back(sample.resident_mb);
  Verdict verdict;
  verdict.growth_mb_per_minute = slope(samples, unbounded_mb(samples), settled);
  verdict.resident_mb_per_minute = slope(samples, resident, settled);
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
  if (samples.empty()) return {};
  const std::vector<double> rest = unbounded_mb(samples);
  std::string out = "seconds  descriptors   CPU s  resident MB  unbounded";
  for (const auto& [purpose, mb] : samples.front().held) out += "  " + purpose;
  out += '\n';
  const std::size_t step =
      std::max<std::size_t>(1, samples.size() / std::max<std::size_t>(lines, 1));
  for (std::size_t i = 0; i < samples.size(); i += step) {
    const Sample& sample = samples[i];
    char line[128];
    std::snprintf(line, sizeof line, "%7.0f %12zu %7.1f %12.1f %10.1f", sample.seconds,
                  sample.descriptors, sample.cpu_seconds, sample.resident_mb, rest[i]);
    out += line;
    for (const auto& [purpose, mb] : sample.held) {
      std::snprintf(line, sizeof line, "  %*.1f", static_cast<int>(purpose.size()), mb);
      out += line;
    }
    out += '\n';
  }
  return out;
}

}  // namespace hansard::soak
