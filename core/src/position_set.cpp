#include "core/position_set.h"

#include <algorithm>

namespace hansard::core {

void PositionSet::add(const PositionRange& range) {
  if (range.from >= range.end) return;
  if (ranges_.empty() || ranges_.back().end < range.from) {
    ranges_.push_back(range);
    return;
  }
  // Those it touches become one with it.
  const auto first =
      std::lower_bound(ranges_.begin(), ranges_.end(), range.from,
                       [](const PositionRange& each, Position at) { return each.end < at; });
  PositionRange merged = range;
  auto last = first;
  for (; last != ranges_.end() && last->from <= range.end; ++last) {
    merged.from = std::min(merged.from, last->from);
    merged.end = std::max(merged.end, last->end);
  }
  ranges_.insert(ranges_.erase(first, last), merged);
}

void PositionSet::add(const PositionSet& other) {
  if (other.ranges_.empty()) return;
  std::vector<PositionRange> all = std::move(ranges_);
  all.insert(all.end(), other.ranges_.begin(), other.ranges_.end());
  std::sort(all.begin(), all.end(),
            [](const PositionRange& a, const PositionRange& b) { return a.from < b.from; });
  ranges_.clear();
  for (const PositionRange& range : all) add(range);
}

void PositionSet::remove(const PositionSet& other) {
  std::vector<PositionRange> left;
  auto taken = other.ranges_.begin();
  for (PositionRange range : ranges_) {
    while (taken != other.ranges_.end() && taken->end <= range.from) ++taken;
    for (auto each = taken; each != other.ranges_.end() && each->from < range.end; ++each) {
      if (range.from < each->from) left.push_back({range.from, each->from});
      range.from = std::max(range.from, each->end);
      if (range.from >= range.end) break;
    }
    if (range.from < range.end) left.push_back(range);
  }
  ranges_ = std::move(left);
}

bool PositionSet::contains(Position position) const {
  const auto found =
      std::upper_bound(ranges_.begin(), ranges_.end(), position,
                       [](Position at, const PositionRange& each) { return at < each.end; });
  return found != ranges_.end() && found->from <= position;
}

std::uint64_t PositionSet::count() const {
  std::uint64_t positions = 0;
  for (const PositionRange& range : ranges_) positions += range.end.value - range.from.value;
  return positions;
}

}  // namespace hansard::core
