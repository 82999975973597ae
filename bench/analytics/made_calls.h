#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace hansard::bench {

/// One model call as every system of the comparison is told of it.
struct MadeCall {
  std::int64_t at_us = 0;     ///< microseconds since 1970, in UTC
  std::uint64_t session = 0;  ///< `s<number>`
  std::uint32_t user = 0;     ///< of the session: `u<number>`
  std::uint32_t agent = 0;    ///< likewise: `agent<number>`
  std::uint32_t model = 0;    ///< `model<number>`, of provider `provider<number % 4>`
  std::uint32_t variant = 0;  ///< of the experiment `greeting`: `a` or `b`
  bool failed = false;        ///< then there are no tokens
  std::uint64_t input = 0;
  std::uint64_t cached = 0;
  std::uint64_t output = 0;
  std::uint64_t latency_us = 0;
  std::uint64_t ttft_us = 0;  ///< 0: failed
};

/// Calls of 90 days with the skew of real ones: few models and users make most of them, sessions
/// begin anywhere, most have a handful of calls and some have hundreds, durations have a long tail,
/// every fiftieth call fails. The same seed and number give the same calls. Not thread-safe.
class MadeCalls {
 public:
  explicit MadeCalls(std::uint64_t calls, std::uint64_t seed = 20'261'121);

  MadeCall next();
  [[nodiscard]] std::uint64_t sessions() const { return sessions_; }
  /// A user with about as many calls as a user has on average.
  static constexpr std::uint32_t kOneUser = 8'000;
  static constexpr std::uint32_t kUsers = 20'000;
  static constexpr std::uint32_t kModels = 30;
  static constexpr int kDays = 90;
  static constexpr std::int64_t kStartUs = 1'772'323'200'000'000;  ///< 2026-03-01

 private:
  std::uint64_t skewed(std::uint64_t bound, double power);

  std::uint64_t calls_;
  std::uint64_t sessions_;
  std::uint64_t made_ = 0;
  std::mt19937_64 random_;
};

/// One line without its end: at_us, session, user, agent, provider, model, variant, failed, input,
/// cached, output, latency_us, ttft_us; what is not known is empty.
void append_csv(const MadeCall& call, std::string& out);

}  // namespace hansard::bench
