#include "events/experiment/corrections.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace hansard::events::experiment {

namespace {

/// Places of the values, least value first.
std::vector<std::size_t> ascending(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  std::vector<double> raised(p.size());
  double most = 0;
  const auto order = ascending(p);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto left = static_cast<double>(p.size() - rank);
    most = std::max(most, std::min(1.0, left * p[order[rank]]));
    raised[order[rank]] = most;
  }
  return raised;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<double> raised(p.size());
  double least = 1;
  const auto order = ascending(p);
  const auto count = static_cast<double>(p.size());
  for (std::size_t rank = order.size(); rank-- > 0;) {
    least = std::min(least, count / static_cast<double>(rank + 1) * p[order[rank]]);
    raised[order[rank]] = least;
  }
  return raised;
}

}  // namespace hansard::events::experiment
