#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace hansard::providers {

/// The one thread that moves all bytes, without Asio's headers. What runs on it runs one at a
/// time, so everything that is confined to the loop needs no lock.
class Loop {
 public:
  using Task = std::function<void()>;
  /// At most so much is taken from a socket at once.
  static constexpr std::size_t kScratchBytes = 64U << 10;

  Loop();
  /// Waits for a name lookup that is under way. @pre stopped.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `task` on the thread, after what was posted before. False, and it will not, once the
  /// loop is stopping. Thread-safe.
  bool post(Task task);
  [[nodiscard]] bool on_thread() const;
  /// Runs `last` on the thread, then what was posted before it returned, then ends the thread.
  /// @pre not on the thread.
  void stop(Task last);
  /// Where bytes that were just read lie until they are handed on; overwritten by the next read of
  /// anybody. Confined to the loop.
  [[nodiscard]] std::span<char> scratch();

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Calls back at a time. Confined to the loop; destroying it cancels.
class Timer {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces what was set before.
  void at(Clock::time_point when, Loop::Task task);
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hansard::providers
