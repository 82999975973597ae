#pragma once

#include <cstddef>
#include <cstdint>

namespace hansard::gateway {

/// What policies have decided since the start, and what they hold now.
struct PolicyCounts {
  std::uint64_t budget_allowed = 0;
  std::uint64_t budget_refused = 0;
  std::uint64_t budget_unpriced_refused = 0;  ///< the model has no price, and money is limited
  std::uint64_t budget_unpriced = 0;          ///< let through, and not in what was spent
  std::int64_t cache_saved_pico_usd = 0;      ///< what hits would have cost
  std::uint64_t cache_saved_unpriced = 0;     ///< hits of which nobody can say
  std::uint64_t limit_passed = 0;
  std::uint64_t limit_waited = 0;
  std::uint64_t limit_refused = 0;
  std::size_t limit_waiting = 0;  ///< calls that are held back now
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t cache_bypassed = 0;
  std::size_t cache_entries = 0;
  std::size_t cache_bytes = 0;
  std::uint64_t retries = 0;          ///< attempts at the same target
  std::uint64_t fallbacks = 0;        ///< attempts at another
  std::uint64_t breaker_refused = 0;  ///< targets passed by
  std::uint64_t playback_hits = 0;
  std::uint64_t playback_misses = 0;
};

}  // namespace hansard::gateway
