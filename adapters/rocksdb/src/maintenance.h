#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "space_guard.h"
#include "view_store.h"

namespace hansard::rocks {

/// A thread that wakes once a second: flushes views when they are due, and looks at the disk, so
/// that appends go on by themselves when space returns.
class Maintenance {
 public:
  Maintenance(ViewStore& views, SpaceGuard& space, std::chrono::milliseconds views_flush_interval);
  ~Maintenance();  ///< `stop`s

  /// Flushes views now rather than at the next interval. Thread-safe, does not block.
  void flush_views();
  void stop();

 private:
  void run();

  ViewStore& views_;
  SpaceGuard& space_;
  const std::chrono::milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool due_ = false;       ///< guarded by mutex_
  bool stopping_ = false;  ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace hansard::rocks
