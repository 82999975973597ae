#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "core/event_log.h"

namespace hansard::cli {

/// Calls back later, on one thread of its own (`timers`). What is called must not block: all the
/// others wait for it. Threads: safe to call concurrently. Cost: O(log n) a timer.
class Timers {
 public:
  /// Timers that wait; past it there are none.
  static constexpr std::size_t kTimersMax = 32'768;
  using Clock = std::chrono::steady_clock;

  Timers();
  ~Timers();  ///< stops
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// Calls `work` once, after `wait`. Destroying what it gives cancels: a call that is running is
  /// waited for, unless it is the one that destroys. Null: too many wait. It may outlive this.
  std::unique_ptr<core::Subscription> after(std::chrono::milliseconds wait,
                                            std::function<void()> work);
  /// Waits for a call that is running; what still waits is let go of, and there are no timers any
  /// more. @pre not on its own thread
  void stop();

 private:
  class Handle;
  using Key = std::pair<Clock::time_point, std::uint64_t>;
  /// Shared with handles.
  struct State {
    std::mutex mutex;
    std::condition_variable changed;   ///< something is first now, or it stops
    std::condition_variable finished;  ///< what was running
    std::map<Key, std::function<void()>> waiting;
    std::uint64_t next_id = 1;
    std::uint64_t running = 0;  ///< id, or 0
    std::thread::id thread;
    bool stopping = false;
  };
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;
};

}  // namespace hansard::cli
