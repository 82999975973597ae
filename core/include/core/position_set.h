#pragma once

#include <cstdint>
#include <vector>

#include "core/position.h"

namespace hansard::core {

/// Positions from `from` to below `end`.
struct PositionRange {
  Position from;
  Position end;
  bool operator==(const PositionRange&) const = default;
};

/// Positions, kept as disjoint ranges in order, none touching the next. A value.
class PositionSet {
 public:
  /// Cost: O(1) behind the last one, else O(ranges).
  void add(Position position) { add(PositionRange{position, {position.value + 1}}); }
  void add(const PositionRange& range);
  void add(const PositionSet& other);
  void remove(const PositionSet& other);

  /// Cost: O(log ranges).
  [[nodiscard]] bool contains(Position position) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  /// How many positions. Cost: O(ranges).
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] const std::vector<PositionRange>& ranges() const { return ranges_; }
  bool operator==(const PositionSet&) const = default;

 private:
  std::vector<PositionRange> ranges_;
};

}  // namespace hansard::core
