#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "gateway/ports.h"
#include "gateway/routes.h"
#include "token_bucket.h"

namespace hansard::gateway {

/// Buckets kept; the least recently used goes first, and is full when it comes back.
inline constexpr std::size_t kBucketsMax = 65'536;
/// Calls that wait for one bucket. Who comes later is refused.
inline constexpr std::size_t kWaitingMax = 1024;

/// Lets calls through as fast as their bucket allows: by requests, and by the tokens that earlier
/// calls cost. Waiting is in order of arrival. Threads: safe to call concurrently; nobody is told
/// under a lock.
class RateLimiter : public std::enable_shared_from_this<RateLimiter> {
 public:
  struct Verdict {
    bool passes = false;
    std::chrono::microseconds waited{0};
    std::chrono::microseconds retry_after{0};  ///< refused: when it might pass
    bool queue_full = false;                   ///< refused for that
  };
  using Told = std::function<void(const Verdict&)>;
  /// A call that waits. Letting go of it gives its place up; it is then told no more, unless that
  /// happens at the same moment.
  using Place = std::shared_ptr<void>;

  using Now = decltype(Ports::now);
  using After = decltype(Ports::after);

  RateLimiter(Now now, After after) : now_(std::move(now)), after_(std::move(after)) {}

  /// Told at once (then the place is null), or when the call's turn has come, or when it has waited
  /// long enough.
  Place ask(const std::string& bucket, const RateLimitOptions& options, Told told);
  /// A call through this bucket cost so many tokens.
  void spent(const std::string& bucket, std::uint64_t tokens);

  [[nodiscard]] std::size_t waiting() const;

 private:
  using Time = TokenBucket::Time;
  struct Waiter {
    Told told;
    Time since;
    Time until;
    bool gone = false;
  };
  struct Bucket {
    RateLimitOptions options;
    std::optional<TokenBucket> requests;
    std::optional<TokenBucket> tokens;
    std::deque<std::shared_ptr<Waiter>> queue;
    std::unique_ptr<core::Subscription> pause;  ///< until the first in the queue may go
    std::uint64_t turn = 0;  ///< of `pause`: an earlier one that rings late is not heeded
    std::list<std::string>::iterator age;
  };
  using Buckets = std::map<std::string, Bucket>;
  class Held;

  Bucket& bucket(const std::string& name, const RateLimitOptions& options, Time now,
                 Bucket& dropped);
  static std::chrono::microseconds until_next(const Bucket& bucket, std::size_t ahead, Time now);
  void leave(const std::string& name, const std::shared_ptr<Waiter>& waiter);
  bool pause(Bucket& bucket, const std::string& name, std::chrono::microseconds wait);
  void serve(const std::string& name, std::optional<std::uint64_t> turn);
  void trim(Bucket& dropped);

  const Now now_;
  const After after_;
  mutable std::mutex mutex_;
  // All below is guarded by mutex_.
  Buckets buckets_;
  std::list<std::string> ages_;  ///< latest first
  std::size_t waiting_ = 0;
};

}  // namespace hansard::gateway
