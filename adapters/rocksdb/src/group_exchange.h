#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "group.h"

namespace hansard::rocks {

/// Where the sequencing thread leaves groups and the writing thread takes them. One group is being
/// written, at most one waits; the waiting one can be taken back and extended, so whatever arrives
/// during a sync commits with the next. Thread-safe; each side is one thread.
class GroupExchange {
 public:
  // ---- the sequencing thread

  /// An empty group, reusing the memory of a written one.
  std::unique_ptr<Group> fresh();
  /// True while the writing thread has nothing to do. One atomic load.
  [[nodiscard]] bool writer_waits() const { return writer_waits_.load(std::memory_order_acquire); }
  /// Leaves a group to be written as soon as the writer is free. @pre none waits.
  void leave(std::unique_ptr<Group> group);
  /// The group that still waits, or nothing.
  std::unique_ptr<Group> take_back();
  /// Blocks until no group waits, or the writer failed.
  void wait_taken();
  /// Blocks until nothing waits or is being written, or the writer failed.
  void wait_idle();
  /// Groups whose events are not in the database yet; valid until the next `fresh`.
  struct InFlight {
    const Group* writing = nullptr;
    const Group* waiting = nullptr;
  };
  [[nodiscard]] InFlight in_flight() const;
  /// The last group known to be on disk.
  [[nodiscard]] std::uint64_t written() const { return written_.load(std::memory_order_acquire); }

  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_acquire); }
  struct Failure {
    core::Error error;
    std::vector<std::unique_ptr<Group>> groups;  ///< the failed one, then what waited
  };
  /// @pre failed(). The writer rests until `resume`.
  Failure take_failure();
  void resume();
  /// No more groups will come.
  void close();

  // ---- the writing thread

  /// Waits for a group; nothing once closed and drained.
  std::unique_ptr<Group> take();
  void finished(std::unique_ptr<Group> group);
  void fail(std::unique_ptr<Group> group, core::Error error);

 private:
  mutable std::mutex mutex_;
  std::condition_variable writer_;
  std::condition_variable sequencer_;
  // All below but the atomics is guarded by mutex_.
  std::unique_ptr<Group> waiting_;
  const Group* writing_ = nullptr;
  std::vector<std::unique_ptr<Group>> spare_;
  std::unique_ptr<Group> failed_group_;
  std::optional<core::Error> error_;
  bool closed_ = false;
  std::atomic<bool> writer_waits_{false};
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace hansard::rocks
