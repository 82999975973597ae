#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/event_log.h"

namespace hansard::core {

/// The callbacks of `EventLog::subscribe`, for whoever implements a log.
/// Threads: safe to call concurrently; one callback never runs on two threads at once.
class Subscribers {
 public:
  Subscribers();
  ~Subscribers();

  /// Registers `advanced`. Destroying the handle unregisters it and waits for a running call,
  /// unless it is that call which destroys it. The handle may outlive this object.
  [[nodiscard]] std::unique_ptr<Subscription> add(std::function<void(Position end)> advanced);

  /// Calls every callback with `end`. A callback that has already been told of a later end (by
  /// another thread) is not told of this one. Never call it under a lock that a callback may take.
  void notify(Position end);

  /// As `notify`, but tells everybody, also when the end did not move: the last call of a log.
  void notify_last(Position end);

 private:
  struct Entry;
  class Handle;
  void tell(Position end, bool always);

  std::mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_;  ///< guarded by mutex_; inactive ones pruned on add
};

}  // namespace hansard::core
