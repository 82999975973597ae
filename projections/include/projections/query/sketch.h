#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hansard::projections::query {

/// A percentile read from a sketch is within this fraction of the exact one.
inline constexpr double kSketchAccuracy = 0.005;

/// Counts values >= 0 in buckets whose bounds grow by a constant factor (DDSketch: Masson, Rim and
/// Lee, "DDSketch: a fast and fully-mergeable quantile sketch", VLDB 2019), without collapsing:
/// 64-bit values need some 4,400 buckets at the most. Caller synchronises.
class Sketch {
 public:
  /// Negative values count as 0.
  void add(std::int64_t value);
  void merge(const Sketch& other);
  /// The value at rank ceil(tenths / 10000 * n), nearly. @pre something was added; tenths 1..10000.
  [[nodiscard]] std::int64_t at(std::uint32_t tenths) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const {
    return sizeof(*this) + buckets_.capacity() * sizeof(std::uint64_t);
  }

 private:
  void reach(std::size_t first, std::size_t last);

  std::vector<std::uint64_t> buckets_;  ///< from bucket `first_`
  std::size_t first_ = 0;
  std::uint64_t zeros_ = 0;
  std::uint64_t count_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
};

/// The rank, from 0, of a percentile among `count` values. @pre count > 0.
constexpr std::uint64_t rank_of(std::uint32_t tenths, std::uint64_t count) {
  // In parts, so that the product cannot wrap.
  const std::uint64_t whole = count / 10'000 * tenths;
  const std::uint64_t rest = (count % 10'000 * tenths + 9'999) / 10'000;
  const std::uint64_t rank = whole + rest;
  return rank == 0 ? 0 : rank - 1;
}

}  // namespace hansard::projections::query
