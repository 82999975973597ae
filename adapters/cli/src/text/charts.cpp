#include "text/charts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace hansard::cli {

namespace {

constexpr std::size_t kSteps = 8;
constexpr std::array<const char*, kSteps> kAcross{"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::array<const char*, kSteps> kUp{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

}  // namespace

std::string bar(double part, std::size_t columns) {
  if (!(part > 0) || columns == 0) return {};
  const auto most = static_cast<double>(columns * kSteps);
  auto eighths = static_cast<std::size_t>(std::lround(std::min(part, 1.0) * most));
  eighths = std::max<std::size_t>(eighths, 1);
  std::string out;
  for (; eighths >= kSteps; eighths -= kSteps) out += kAcross[kSteps - 1];
  if (eighths > 0) out += kAcross[eighths - 1];
  return out;
}

std::string spark(const std::vector<std::optional<double>>& values) {
  std::optional<double> least;
  std::optional<double> most;
  for (const auto& value : values) {
    if (!value || !std::isfinite(*value)) continue;
    least = least ? std::min(*least, *value) : *value;
    most = most ? std::max(*most, *value) : *value;
  }
  std::string out;
  for (const auto& value : values) {
    if (!value || !std::isfinite(*value)) {
      out += ' ';
    } else if (*most == *least) {
      out += kUp[kSteps / 2 - 1];
    } else {
      const double part = (*value - *least) / (*most - *least);
      out += kUp[static_cast<std::size_t>(std::lround(part * (kSteps - 1)))];
    }
  }
  return out;
}

std::string percent_text(double part) {
  char text[32];
  std::snprintf(text, sizeof text, part < 0.1 ? "%.1f %%" : "%.0f %%", 100 * part);
  return text;
}

}  // namespace hansard::cli
