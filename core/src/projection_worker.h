#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/projection_runner.h"
#include "projection_fold.h"

namespace hansard::core {

/// One projection and the thread that keeps it caught up.
/// Threads: `start` and `stop` by the owner; everything else from anywhere.
class ProjectionWorker {
 public:
  ProjectionWorker(EventLog& log, ReadModelStore& store, const Projection& projection,
                   const RunnerOptions& options);
  ~ProjectionWorker();

  void start();
  /// Asks the thread to end; `join` waits for it. Waiting readers are told `cancelled`.
  void request_stop();
  void join();
  void wake();

  [[nodiscard]] std::string_view name() const { return projection_.name(); }
  [[nodiscard]] ProjectionState state() const;
  Status retry();
  Status rebuild();
  Result<std::unique_ptr<ReadModel>> read(Position at_least,
                                          std::chrono::steady_clock::time_point deadline) const;
  std::unique_ptr<Subscription> when(Position at_least, std::function<void(Status)> ready);

 private:
  /// A build and how far it is.
  struct Build {
    ViewId view;
    Position checkpoint;
    std::optional<FoldFailure> failure;
  };
  struct Waiter;
  class WaitHandle;
  class Reader;

  void run();
  Status set_up();
  Status take_orders();
  Status advance_active(bool& worked);
  Status advance_building(bool& worked);
  Status swap_in();
  Status drop_leftovers();
  Result<ViewId> next_generation() const;
  void settle_waiters();
  /// Lets events gather for the next fold.
  void rest(std::unique_lock<std::mutex>& signal_lock);
  [[nodiscard]] bool far_behind() const;

  [[nodiscard]] bool is_current(const ViewId& view) const;
  [[nodiscard]] bool can_progress_locked() const;
  [[nodiscard]] std::optional<Status> verdict_locked(Position at_least) const;
  [[nodiscard]] ProjectionState state_locked() const;
  [[nodiscard]] Error behind_locked(Position at_least) const;

  EventLog& log_;
  ReadModelStore& store_;
  const Projection& projection_;
  const RunnerOptions options_;

  // What wakes the thread. Apart from the state, so that the log's thread never waits for a reader.
  mutable std::mutex signal_mutex_;
  mutable std::condition_variable signal_;
  bool woken_ = false;
  bool resting_ = false;
  bool stopping_ = false;
  mutable std::size_t readers_ = 0;  ///< who wait for a position; while there are any, no rest

  // Written by the thread (and orders by callers), read by everybody.
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<Build> active_;
  std::optional<Build> building_;
  bool set_up_ = false;
  bool retry_ordered_ = false;
  bool rebuild_ordered_ = false;
  bool ended_ = false;
  std::string storage_error_;
  std::vector<std::shared_ptr<Waiter>> waiters_;

  std::thread thread_;
};

}  // namespace hansard::core
