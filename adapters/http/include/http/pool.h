#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hansard::http {

/// Threads for work that may block on storage, so that the event loop never does.
/// Threads: all members are safe to call concurrently.
class Pool {
 public:
  struct Options {
    std::string name = "storage";  ///< of the threads, up to 15 characters
    int threads = 2;
    std::size_t waiting_max = 1024;  ///< work not yet begun; past it `try_post` says no
    int nice = 0;                    ///< 0..19: lower priority, so that queries yield to appends
  };
  explicit Pool(Options options);
  ~Pool();  ///< stops
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Queues `work` unless the bound is reached or the pool stops. What it throws is swallowed
  /// there: answers are owed by destructors (`Responder`), not by luck.
  [[nodiscard]] bool try_post(std::function<void()> work);
  /// For callers that keep a bound of their own (the command loop's `waiting_max`). After `stop`
  /// the work is run by the caller itself, so that its answer is never lost.
  void post(std::function<void()> work);

  /// Runs what is queued, then ends the threads. Idempotent.
  void stop();
  [[nodiscard]] std::size_t waiting() const;

 private:
  void run();

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hansard::http
