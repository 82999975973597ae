#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model_provider.h"

/// What happens to a call between client and provider. Everything here is off unless it is set.
namespace hansard::gateway {

/// Where a call may go, and what it asks for there.
struct Target {
  std::string provider;
  std::optional<std::string> model;    ///< instead of the one that the client names
  std::optional<std::string> dialect;  ///< `openai`, `anthropic`, `ollama`: told to it in that one
  std::uint32_t weight = 1;            ///< its share among targets; 0: never drawn
};

/// When an attempt fails in a way that may pass (429, 500, 502, 503, 504, 529, no connection, no
/// first byte), and nothing of it has reached the client.
struct RetryOptions {
  std::uint32_t attempts_max = 1;                     ///< at one target, the first included
  std::chrono::milliseconds base{500};                ///< doubled each time, with full jitter
  std::chrono::milliseconds max{30'000};              ///< longest pause of ours
  std::chrono::milliseconds retry_after_max{60'000};  ///< a provider that asks for more is left
};

/// Keeps calls from a provider that fails. Open, it lets one call through after `open_for`.
struct BreakerOptions {
  std::uint32_t consecutive = 0;    ///< failures in a row that open it; 0: rule is off
  double failure_rate = 0;          ///< share within `window` that opens it; 0: off
  std::uint32_t requests_min = 10;  ///< within `window`, before the rate counts
  std::chrono::milliseconds window{60'000};
  std::chrono::milliseconds open_for{30'000};
};

/// Token buckets, full at the start.
struct RateLimitOptions {
  std::string by = "key";  ///< `route`, `key` or `user`: each has a bucket of its own
  std::optional<std::uint64_t> requests;
  std::optional<std::uint64_t> tokens;  ///< taken when the answer says how many it cost
  std::chrono::milliseconds per{60'000};
  bool waits = false;  ///< held back instead of refused
  std::chrono::milliseconds wait_max{30'000};
};

/// What may be used up in a period; then calls are refused.
struct BudgetOptions {
  std::string by = "key";      ///< `route`, `key`, `user` or `tag:<key>`
  std::string period = "day";  ///< `day`, `month` (UTC) or `ever`
  std::optional<std::uint64_t> requests;
  std::optional<std::uint64_t> tokens;
  std::optional<std::int64_t> pico_usd;  ///< 10^-12 US dollars
  /// Of money: calls to models without a price go through, uncounted, and are counted as such;
  /// else they are refused.
  bool allows_unpriced = false;
};

/// Answers again what was asked in exactly the same words.
struct CacheOptions {
  std::chrono::milliseconds ttl{3'600'000};
  std::size_t entries_max = 10'000;
  std::size_t bytes_max = 64U << 20;
};

enum class Mode : std::uint8_t {
  live,             ///< the provider answers
  record_playback,  ///< what is on record answers; the provider, where nothing is
  playback,         ///< what is on record answers, or nobody
};

struct RouteOptions {
  std::vector<Target> targets;    ///< one is drawn; none: the provider of the route's name
  std::vector<Target> fallbacks;  ///< tried in order when the drawn one has failed
  RetryOptions retry;
  BreakerOptions breaker;
  std::optional<RateLimitOptions> rate_limit;
  std::vector<BudgetOptions> budgets;
  std::optional<CacheOptions> cache;
  std::optional<core::ProviderDeadlines> deadlines;
  Mode mode = Mode::live;
  bool original_pace = false;  ///< of answers on record; else at once
};

}  // namespace hansard::gateway
