#include "score.h"

#include <algorithm>
#include <cmath>

namespace hansard::search {
namespace {

// As everywhere: how soon repetitions stop to count, and how much long texts pay for their length.
constexpr double kSaturation = 1.2;
constexpr double kLengthWeight = 0.75;

}  // namespace

double weight_of(const Frequency& frequency, double texts, std::int64_t end) {
  auto with = static_cast<double>(frequency.texts);
  if (frequency.texts >= kCountedTextsMax) {
    const std::int64_t looked_at = std::max<std::int64_t>(end - frequency.reaches, 1);
    with *= static_cast<double>(std::max(end, looked_at)) / static_cast<double>(looked_at);
  }
  with = std::min(with, texts);
  return std::log(1 + (texts - with + 0.5) / (with + 0.5));
}

std::vector<Scored> score(const VisitedRows& rows, const std::vector<double>& weights) {
  const double average = rows.texts > 0 && rows.tokens > 0 ? rows.tokens / rows.texts : 1;
  std::vector<Scored> scored;
  scored.reserve(rows.positions.size());
  for (std::size_t row = 0; row < rows.positions.size(); ++row) {
    const double length = 1 - kLengthWeight + kLengthWeight * rows.lengths[row] / average;
    double sum = 0;
    for (std::size_t phrase = 0; phrase < rows.phrases; ++phrase) {
      const double times = rows.times[row * rows.phrases + phrase];
      sum += weights[phrase] * times * (kSaturation + 1) / (times + kSaturation * length);
    }
    scored.push_back({rows.positions[row], sum});
  }
  std::sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) {
    return a.score != b.score ? a.score > b.score : a.position > b.position;
  });
  return scored;
}

}  // namespace hansard::search
