#pragma once

#include <condition_variable>
#include <mutex>

#include "loop.h"

namespace hansard::providers {

/// Between a call and its owner: lets callbacks through until the owner goes.
/// Thread-safe: `pass` on the loop, `shut` anywhere.
class Gate {
 public:
  /// Runs `callback` unless shut.
  template <class Callback>
  void pass(Callback callback) {
    {
      const std::lock_guard lock(mutex_);
      if (shut_) return;
      running_ = true;
    }
    callback();
    const std::lock_guard lock(mutex_);
    running_ = false;
    ended_.notify_all();
  }
  /// Once this has returned nothing runs nor will: a callback that does is waited for, unless this
  /// is its own thread (and then it is the caller itself, or none).
  void shut(const Loop& loop) {
    std::unique_lock lock(mutex_);
    shut_ = true;
    if (!loop.on_thread()) ended_.wait(lock, [&] { return !running_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool shut_ = false;
  bool running_ = false;
};

}  // namespace hansard::providers
