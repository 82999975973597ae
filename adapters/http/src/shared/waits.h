#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "core/event_log.h"
#include "http/pool.h"

namespace hansard::http {

/// Requests that wait for a position, without a thread each. One thread keeps their deadlines.
/// Threads: all members are safe to call concurrently.
class Waits {
 public:
  /// Waiting requests; past it they are told `overloaded`.
  static constexpr std::size_t kWaitingMax = 1024;

  /// `pool` runs what follows a wait; outlives this.
  explicit Waits(Pool& pool);
  ~Waits();  ///< what still waits is told `cancelled`, on the calling thread
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  using Then = std::function<void(core::Status)>;
  /// Registers for the event and calls its argument once, from any thread, when it is there; that
  /// may be at once.
  using Arm = std::function<std::unique_ptr<core::Subscription>(Then ready)>;
  /// Calls `then` once, on the pool: with what `ready` was told, or `timed_out` at `deadline`.
  void until(std::chrono::steady_clock::time_point deadline, const Arm& arm, Then then);

 private:
  struct Wait {
    std::chrono::steady_clock::time_point deadline;
    std::unique_ptr<core::Subscription> subscription;
    std::optional<core::Status> outcome;
    Then then;
  };
  /// Shared with callbacks that may come after the wait is over.
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::uint64_t, Wait> waiting;
    std::uint64_t next_id = 1;
    bool stopping = false;
  };

  void run();

  Pool& pool_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  std::thread thread_;
};

}  // namespace hansard::http
