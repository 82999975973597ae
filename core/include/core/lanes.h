#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "core/sequencer.h"

namespace hansard::core {

/// One strand per stream, for jobs that do not end where they began: a job owns its stream's lane
/// from the call of `start` until it calls `leave`; the next one starts then. Lanes exist only
/// while used. Threads: safe to call concurrently.
class Lanes {
 public:
  explicit Lanes(std::size_t jobs_max) : jobs_max_(jobs_max) {}
  /// Waits until every job has left.
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Queues a job; `start` runs at once on this thread when the lane is free, else on the thread of
  /// the job before it. It must not block. @return false, and nothing is queued, at `jobs_max`.
  bool enter(const StreamKey& stream, std::function<void()> start);

  /// Ends the job that owns the lane. Nothing of the job may be touched by it afterwards.
  void leave(const StreamKey& stream);

 private:
  const std::size_t jobs_max_;
  std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t jobs_ = 0;
  std::map<StreamKey, std::deque<std::function<void()>>> lanes_;  ///< jobs behind the owner
};

}  // namespace hansard::core
