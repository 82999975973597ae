#include "rate_limiter.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace hansard::gateway {

using std::chrono::microseconds;

namespace {

microseconds between(TokenBucket::Time from, TokenBucket::Time to) {
  return std::max(std::chrono::duration_cast<microseconds>(to - from), microseconds(0));
}

}  // namespace

/// Gives its place in the queue up when nobody holds it any more.
class RateLimiter::Held {
 public:
  Held(std::weak_ptr<RateLimiter> limiter, std::string bucket, std::shared_ptr<Waiter> waiter)
      : limiter_(std::move(limiter)), bucket_(std::move(bucket)), waiter_(std::move(waiter)) {}
  ~Held() {
    if (const auto limiter = limiter_.lock()) limiter->leave(bucket_, waiter_);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  const std::weak_ptr<RateLimiter> limiter_;
  const std::string bucket_;
  const std::shared_ptr<Waiter> waiter_;
};

RateLimiter::Place RateLimiter::ask(const std::string& name, const RateLimitOptions& options,
                                    Told told) {
  const Time now = now_();
  Bucket dropped;  // goes outside the lock: it may have a pause that wants it
  std::unique_lock lock(mutex_);
  Bucket& bucket = this->bucket(name, options, now, dropped);
  const microseconds wait = until_next(bucket, bucket.queue.size(), now);
  Verdict verdict;
  if (bucket.queue.empty() && wait == microseconds(0)) {
    if (bucket.requests) bucket.requests->take(1, now);
    verdict.passes = true;
  } else {
    verdict.queue_full = options.waits && bucket.queue.size() >= kWaitingMax;
    verdict.retry_after = wait;
    if (options.waits && !verdict.queue_full && wait <= options.wait_max) {
      auto waiter = std::make_shared<Waiter>(Waiter{std::move(told), now, now + options.wait_max});
      bucket.queue.push_back(waiter);
      ++waiting_;
      const bool first = bucket.queue.size() == 1;
      lock.unlock();
      if (first) serve(name, {});
      return std::make_shared<Held>(weak_from_this(), name, std::move(waiter));
    }
  }
  lock.unlock();
  told(verdict);
  return nullptr;
}

void RateLimiter::spent(const std::string& name, std::uint64_t tokens) {
  const Time now = now_();
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(name);
  // One that was let go of is full again, and stays so.
  if (found == buckets_.end() || !found->second.tokens) return;
  found->second.tokens->take(static_cast<double>(tokens), now);
}

std::size_t RateLimiter::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

RateLimiter::Bucket& RateLimiter::bucket(const std::string& name, const RateLimitOptions& options,
                                         Time now, Bucket& dropped) {
  const auto [found, is_new] = buckets_.try_emplace(name);
  Bucket& bucket = found->second;
  if (is_new) {
    bucket.options = options;
    if (options.requests) bucket.requests.emplace(*options.requests, options.per, now);
    if (options.tokens) bucket.tokens.emplace(*options.tokens, options.per, now);
    ages_.push_front(name);
    bucket.age = ages_.begin();
    trim(dropped);
  } else {
    ages_.splice(ages_.begin(), ages_, bucket.age);
  }
  return bucket;
}

void RateLimiter::trim(Bucket& dropped) {
  if (buckets_.size() <= kBucketsMax) return;
  const auto oldest = buckets_.find(ages_.back());
  if (!oldest->second.queue.empty()) return;  // the next one then
  dropped = std::move(oldest->second);
  buckets_.erase(oldest);
  ages_.pop_back();
}

/// Until the one with so many before it may go, if nobody spends tokens meanwhile.
microseconds RateLimiter::until_next(const Bucket& bucket, std::size_t ahead, Time now) {
  microseconds wait(0);
  if (bucket.requests) wait = bucket.requests->until(static_cast<double>(ahead) + 1, now);
  // What the call will cost nobody knows; it may go while there is any.
  if (bucket.tokens) wait = std::max(wait, bucket.tokens->until(1, now));
  return wait;
}

void RateLimiter::leave(const std::string& name, const std::shared_ptr<Waiter>& waiter) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(waiter->gone, true)) return;  // its turn has come before
  const auto found = buckets_.find(name);
  if (found == buckets_.end()) return;
  auto& queue = found->second.queue;
  queue.erase(std::remove(queue.begin(), queue.end(), waiter), queue.end());
  --waiting_;
}

/// False: too many wait for something.
bool RateLimiter::pause(Bucket& bucket, const std::string& name, microseconds wait) {
  const std::uint64_t turn = ++bucket.turn;
  bucket.pause = after_(std::chrono::ceil<std::chrono::milliseconds>(wait),
                        [self = weak_from_this(), name, turn] {
                          if (const auto limiter = self.lock()) limiter->serve(name, turn);
                        });
  return bucket.pause != nullptr;
}

/// Lets those go whose turn has come, and waits for the next.
void RateLimiter::serve(const std::string& name, std::optional<std::uint64_t> turn) {
  const Time now = now_();
  std::vector<std::pair<std::shared_ptr<Waiter>, Verdict>> told;
  std::unique_ptr<core::Subscription> before;  // outlives the lock, which its call may want
  {
    const std::lock_guard lock(mutex_);
    const auto found = buckets_.find(name);
    if (found == buckets_.end()) return;
    Bucket& bucket = found->second;
    if (turn && *turn != bucket.turn) return;
    before = std::move(bucket.pause);
    while (!bucket.queue.empty()) {
      const auto& first = bucket.queue.front();
      const microseconds wait = until_next(bucket, 0, now);
      Verdict verdict;
      verdict.waited = between(first->since, now);
      if (wait == microseconds(0)) {
        verdict.passes = true;
        if (bucket.requests) bucket.requests->take(1, now);
      } else {
        verdict.retry_after = wait;
        if (first->until > now && pause(bucket, name, std::min(wait, between(now, first->until)))) {
          break;
        }
      }
      first->gone = true;
      told.emplace_back(first, verdict);
      bucket.queue.pop_front();
      --waiting_;
    }
  }
  for (const auto& [waiter, verdict] : told) std::exchange(waiter->told, nullptr)(verdict);
}

}  // namespace hansard::gateway
