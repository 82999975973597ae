#include "projections/query/sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace hansard::projections::query {
namespace {

constexpr double kGamma = (1 + kSketchAccuracy) / (1 - kSketchAccuracy);

/// Finds the bucket i with gamma^(i-1) < value <= gamma^i. A logarithm a value would be most of a
/// query's time: the first bits of a double say nearly where it lies, and bounds the rest.
class Buckets {
 public:
  Buckets() {
    const double per_bucket = 1.0 / std::log(kGamma);
    const auto last = static_cast<std::size_t>(std::ceil(std::log(kTwoTo63) * per_bucket)) + 1;
    bounds_.reserve(last + 1);
    for (std::size_t i = 0; i <= last; ++i)
      bounds_.push_back(std::pow(kGamma, static_cast<double>(i)));
    for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
      const double least = std::bit_cast<double>((std::uint64_t{cell} << kShift) + kOne);
      std::size_t bucket = static_cast<std::size_t>(std::log(least) * per_bucket);
      bucket -= bucket > 0 ? 1 : 0;
      while (bucket < last && bounds_[bucket] < least) ++bucket;
      cells_[cell] = static_cast<std::uint16_t>(bucket);
    }
  }
  /// @pre value > 0.
  [[nodiscard]] std::size_t of(std::int64_t value) const {
    const auto number = static_cast<double>(value);
    std::size_t bucket = cells_[(std::bit_cast<std::uint64_t>(number) - kOne) >> kShift];
    while (bounds_[bucket] < number) ++bucket;
    return bucket;
  }

 private:
  static constexpr double kTwoTo63 = 9223372036854775808.0;
  static constexpr std::uint64_t kOne = std::bit_cast<std::uint64_t>(1.0);
  static constexpr unsigned kShift = 52 - 7;  ///< 128 cells between powers of two
  std::array<std::uint16_t, 64 * 128> cells_{};
  std::vector<double> bounds_;
};

const Buckets& buckets() {
  static const Buckets kBuckets;
  return kBuckets;
}

}  // namespace

void Sketch::add(std::int64_t value) {
  static const Buckets& kBuckets = buckets();
  value = std::max<std::int64_t>(value, 0);
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  ++count_;
  if (value == 0) {
    ++zeros_;
    return;
  }
  const std::size_t bucket = kBuckets.of(value);
  reach(bucket, bucket);
  ++buckets_[bucket - first_];
}

void Sketch::reach(std::size_t first, std::size_t last) {
  if (buckets_.empty()) {
    first_ = first;
    buckets_.resize(last - first + 1);
    return;
  }
  if (first < first_) {
    buckets_.insert(buckets_.begin(), first_ - first, 0);
    first_ = first;
  }
  if (last - first_ >= buckets_.size()) buckets_.resize(last - first_ + 1);
}

void Sketch::merge(const Sketch& other) {
  if (other.count_ == 0) return;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  zeros_ += other.zeros_;
  if (other.buckets_.empty()) return;
  reach(other.first_, other.first_ + other.buckets_.size() - 1);
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) {
    buckets_[other.first_ + i - first_] += other.buckets_[i];
  }
}

std::int64_t Sketch::at(std::uint32_t tenths) const {
  const std::uint64_t rank = rank_of(tenths, count_);
  if (rank < zeros_) return 0;
  if (rank + 1 == count_) return max_;
  std::uint64_t seen = zeros_;
  std::size_t i = 0;
  while (seen + buckets_[i] <= rank) seen += buckets_[i++];
  // The middle of the bucket, in the sense that its ends are equally far off in proportion.
  const double upper = std::pow(kGamma, static_cast<double>(first_ + i));
  const double middle = 2 * upper / (kGamma + 1);
  if (middle >= static_cast<double>(max_)) return max_;
  return std::max(min_, static_cast<std::int64_t>(std::llround(middle)));
}

}  // namespace hansard::projections::query
