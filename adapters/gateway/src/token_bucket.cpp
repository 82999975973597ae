#include "token_bucket.h"

#include <algorithm>
#include <cmath>

namespace hansard::gateway {

using std::chrono::microseconds;

namespace {

/// What rounding may have taken from a level: less than a thousandth of a token.
constexpr double kRounding = 1e-6;
constexpr double kLongest_us = 9e15;  // what a count of microseconds holds, and then some

}  // namespace

TokenBucket::TokenBucket(std::uint64_t capacity, microseconds per, Time now)
    : capacity_(static_cast<double>(std::max<std::uint64_t>(capacity, 1))),
      per_us_(capacity_ / static_cast<double>(std::max<microseconds::rep>(per.count(), 1))),
      level_(capacity_),
      at_(now) {}

double TokenBucket::level_at(Time now) const {
  const auto passed = std::chrono::duration_cast<microseconds>(now - at_).count();
  return std::min(capacity_,
                  level_ + per_us_ * static_cast<double>(std::max<microseconds::rep>(passed, 0)));
}

microseconds TokenBucket::until(double amount, Time now) const {
  const double missing = amount - level_at(now);
  if (missing <= kRounding) return microseconds(0);
  return microseconds(
      static_cast<microseconds::rep>(std::min(std::ceil(missing / per_us_), kLongest_us)));
}

void TokenBucket::take(double amount, Time now) {
  level_ = level_at(now) - amount;
  at_ = std::max(at_, now);
}

}  // namespace hansard::gateway
