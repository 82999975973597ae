#pragma once

#include <chrono>
#include <cstdint>

namespace hansard::gateway {

/// So much in a period, and no more than that at once: full at the start, filled evenly. May be
/// overdrawn by what nobody knew beforehand; then it must fill up again first. A value: whoever
/// shares it locks it. Cost: O(1).
class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// @param capacity  at least 1
  TokenBucket(std::uint64_t capacity, std::chrono::microseconds per, Time now);

  /// How long until `amount` (at most the capacity) is in it; zero: it is.
  [[nodiscard]] std::chrono::microseconds until(double amount, Time now) const;
  void take(double amount, Time now);

 private:
  [[nodiscard]] double level_at(Time now) const;

  double capacity_;
  double per_us_;  ///< what flows in
  double level_;
  Time at_;  ///< of `level_`
};

}  // namespace hansard::gateway
