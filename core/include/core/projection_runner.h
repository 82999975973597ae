#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "core/projection.h"

namespace hansard::core {

/// Where one projection stands.
struct ProjectionState {
  enum class Phase : std::uint8_t { catching_up, live, building, stopped };
  std::string name;
  std::uint32_t version = 0;
  Phase phase = Phase::catching_up;
  Position checkpoint;                ///< of the build that answers
  Position building_checkpoint;       ///< of the build beside it, while `building`
  std::optional<Position> failed_at;  ///< when stopped by an event
  std::string failed_event;           ///< its id
  std::string error;                  ///< why it stopped, or the last storage error being retried
};

/// Bounds of a batch: whichever is reached first closes it.
struct RunnerOptions {
  /// Only catching up fills a batch. Each row is read and written once per batch, so more events a
  /// batch mean fewer of both (32,768 instead of 4,096: usage over RocksDB folds a third faster).
  std::size_t batch_events = 32'768;
  std::size_t batch_row_bytes = 8U << 20;
  std::chrono::milliseconds retry_pause_max{5000};  ///< storage errors back off up to this
  /// Rest between two folds of a view that has caught up, unless a reader waits for a position: a
  /// lone event is folded at once, and under load one fold takes many events (each costs a read, a
  /// commit and two thread switches, whatever it holds).
  std::chrono::milliseconds gather{10};
};

/// Keeps projections caught up with a log: one thread each, so that one stopping stops no other.
/// A projection whose active build is of an older version is built anew beside it and swapped when
/// it reaches the log's end; until then the old build answers. Storage errors are retried with
/// backoff; a failing fold stops the projection and never skips an event.
/// Threads: all members are safe to call concurrently.
class ProjectionRunner {
 public:
  /// All references outlive the runner. Nothing runs before `start`.
  ProjectionRunner(EventLog& log, ReadModelStore& store, std::vector<const Projection*> projections,
                   RunnerOptions options = {});
  ~ProjectionRunner();  ///< stops
  ProjectionRunner(const ProjectionRunner&) = delete;
  ProjectionRunner& operator=(const ProjectionRunner&) = delete;

  void start();
  /// Ends every thread after its current batch. Idempotent.
  void stop();

  [[nodiscard]] std::vector<ProjectionState> states() const;
  /// Tries a stopped projection again from where it stopped. Errors: not_found, rejected (not
  /// stopped).
  Status retry(const std::string& name);
  /// Builds a new generation beside the active one and swaps it in. Errors: not_found, rejected
  /// (already building).
  Status rebuild(const std::string& name);

  /// A snapshot of the active build that has absorbed everything below `at_least`.
  /// Waits until `deadline`. Errors: not_found, timed_out (names both positions), unavailable
  /// (stopped, with why; or not built yet).
  Result<std::unique_ptr<ReadModel>> read(const std::string& name, Position at_least,
                                          std::chrono::steady_clock::time_point deadline) const;

  /// Like `read`, without occupying a thread: `ready` is called once, possibly before returning, on
  /// a runner's or the log's thread, when `name` has absorbed everything below `at_least`, or with
  /// an error when it stopped. @return cancels the wait when destroyed.
  [[nodiscard]] std::unique_ptr<Subscription> when(const std::string& name, Position at_least,
                                                   std::function<void(Status)> ready);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Folds the whole log into a fresh build on the calling thread, without activating it: the
/// reference that `verify` compares live rows with.
/// Errors: what the log, the fold or the store reports.
Status build(const EventLog& log, ReadModelStore& store, const Projection& projection,
             const ViewId& view, Position end, const RunnerOptions& options = {});

/// A store without a disk, for tests and for `build` when comparing.
std::unique_ptr<ReadModelStore> make_in_memory_read_model_store();

}  // namespace hansard::core
