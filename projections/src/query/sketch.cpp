#include "projections/query/sketch.h"

#include <algorithm>
#include <cmath>

namespace hansard::projections::query {
namespace {

constexpr double kGamma = (1 + kSketchAccuracy) / (1 - kSketchAccuracy);
const double kPerBucket = 1.0 / std::log(kGamma);

/// The bucket i with gamma^(i-1) < value <= gamma^i.
std::size_t bucket_of(std::int64_t value) {
  return static_cast<std::size_t>(std::ceil(std::log(static_cast<double>(value)) * kPerBucket));
}

}  // namespace

void Sketch::add(std::int64_t value) {
  value = std::max<std::int64_t>(value, 0);
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  ++count_;
  if (value == 0) {
    ++zeros_;
    return;
  }
  const std::size_t bucket = bucket_of(value);
  if (buckets_.empty()) {
    first_ = bucket;
    buckets_.push_back(0);
  } else if (bucket < first_) {
    buckets_.insert(buckets_.begin(), first_ - bucket, 0);
    first_ = bucket;
  } else if (bucket - first_ >= buckets_.size()) {
    buckets_.resize(bucket - first_ + 1);
  }
  ++buckets_[bucket - first_];
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
