#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace hansard::scripted {

/// Work that is due later, on one thread. Threads: safe to call concurrently.
class Timer {
 public:
  using Clock = std::chrono::steady_clock;
  using Key = std::pair<Clock::time_point, std::uint64_t>;

  Timer();
  ~Timer();  ///< @pre stopped
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Runs `work` as soon as it is due; nothing when this has stopped.
  std::optional<Key> at(Clock::time_point when, std::function<void()> work);
  /// Takes out what has not begun to run.
  void cancel(const Key& key);
  /// Waits for what is running; what is not due yet never runs. @pre not on the timer's thread
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Key, std::function<void()>> due_;  // guarded by mutex_, as all below
  std::uint64_t count_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hansard::scripted
