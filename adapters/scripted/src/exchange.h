#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/model_provider.h"
#include "reply.h"
#include "timer.h"

namespace hansard::scripted {

/// One call: a reply that comes piece by piece, each when it is due. Thread-safe: driven by who
/// called, by the timer and by a provider that stops.
class Call : public std::enable_shared_from_this<Call> {
 public:
  using Head = std::function<void(core::Result<core::ProviderHead>)>;
  using Next = std::function<void(core::Result<std::string>)>;

  Call(std::shared_ptr<Timer> timer, Reply reply, core::ProviderDeadlines deadlines, Head head);

  /// @param error  instead of the reply
  void begin(std::optional<core::Error> error);
  void next(Next done);
  /// Nothing is told from now on; waits for what is being told, unless this is its thread.
  /// @return the answer had been told whole
  bool drop();
  /// Tells whom waits that the provider stops.
  void stop();

 private:
  using Lock = std::unique_lock<std::mutex>;
  /// Why it ends, when `due` is over this limit.
  struct Limit {
    Timer::Clock::time_point at;
    const char* field;
  };
  void schedule(Lock& lock, Timer::Clock::time_point due, std::optional<Limit> limit);
  void come(std::optional<core::Error> error);
  void tell(Lock lock, std::function<void()> what);

  const std::shared_ptr<Timer> timer_;
  const core::ProviderDeadlines deadlines_;
  const Timer::Clock::time_point started_;

  std::mutex mutex_;
  std::condition_variable told_;
  // All below is guarded by mutex_.
  Reply reply_;
  Head head_;  ///< empty once told
  Next waiting_;
  std::optional<Timer::Key> timed_;
  Timer::Clock::time_point head_at_;
  std::size_t piece_ = 0;  ///< the next one
  std::optional<core::Error> failed_;
  bool dropped_ = false;
  bool whole_ = false;
  std::optional<std::thread::id> telling_;
};

}  // namespace hansard::scripted
