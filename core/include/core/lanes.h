#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "core/sequencer.h"

namespace hansard::core {

/// One strand per stream, for jobs that do not end where they began: a job owns its stream's lane
/// from the time it got it until it calls `leave`; the next one starts then. Lanes exist only
/// while used. Threads: safe to call concurrently.
class Lanes {
 public:
  explicit Lanes(std::size_t jobs_max) : jobs_max_(jobs_max) {}
  /// Waits until every job has left.
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  enum class Entered : std::uint8_t {
    owner,   ///< the lane was free and is the job's from now on; `start` is not called
    queued,  ///< `start` is called when the job's turn comes
    full,    ///< `jobs_max` jobs are here: nothing happened
  };
  /// @param start  called on the thread of the job before it; must not block.
  Entered enter(const StreamKey& stream, std::function<void()> start);

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
