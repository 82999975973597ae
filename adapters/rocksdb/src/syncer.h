#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "counters.h"
#include "database.h"
#include "group.h"
#include "head_file.h"
#include "notifier.h"
#include "published.h"

namespace hansard::rocks {

/// A group that is in RocksDB but not yet synced.
struct WrittenGroup {
  core::Position first;
  core::TreeHead head;  ///< after it
  std::size_t events = 0;
  std::size_t requests = 0;
  std::size_t bytes = 0;
  std::vector<Answer> answers;
};

/// The syncing thread: syncs the write-ahead log, moves the watermark over everything that was
/// written before the sync began, notes it in HEAD, and leaves the telling to the notifier while
/// there is more to sync, because the disk idles whenever it does anything else. Written groups
/// wait for it here. Thread-safe; `add` and what follows it are for the sequencing thread.
class Syncer {
 public:
  struct Parts {
    const DatabaseSlot& databases;
    Published& published;
    HeadFile& head_file;
    Notifier& notifier;
    Counters& counters;
    const std::function<void(std::string_view)>& notice;
    std::function<void()> failed;  ///< called after a failure, on the syncing thread
  };
  struct Limits {
    std::size_t requests_max = 0;  ///< waiting for the next sync
    std::size_t bytes_max = 0;     ///< likewise; one larger group is let in
  };
  Syncer(const Parts& parts, const Limits& limits);
  ~Syncer();  ///< `stop`s

  /// Hands over what has just been written. Blocks while the limits are reached.
  void add(WrittenGroup group);
  /// Syncs `group` on this thread and tells its answers, which spares a lone client two thread
  /// switches. Blocks for one sync. @pre `idle`, and not failed.
  void sync_alone(WrittenGroup group);
  /// True when nothing waits and nothing is being synced. One atomic load.
  [[nodiscard]] bool idle() const { return idle_.load(std::memory_order_acquire); }
  /// Blocks until `idle`, or failed.
  void drain();
  [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_acquire); }
  struct Failure {
    core::Error error;
    std::vector<WrittenGroup> groups;  ///< everything unsynced, in order
  };
  /// Takes everything back; the thread rests until `resume`. Waits for a running sync. `error` is
  /// told when it was not a sync that failed.
  Failure give_up(const core::Error& error);
  void resume();
  void stop();

 private:
  void run();
  /// Syncs and tells, with `lock` on `mutex_` released meanwhile.
  void sync_and_tell(std::unique_lock<std::mutex>& lock, std::vector<WrittenGroup> groups);
  void tell(std::vector<WrittenGroup>& groups);
  core::Status sync(const std::vector<WrittenGroup>& groups);
  [[nodiscard]] bool has_room() const;

  const Parts parts_;
  const Limits limits_;
  bool head_warned_ = false;  ///< of whoever syncs

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  // All below but the atomics is guarded by mutex_.
  std::vector<WrittenGroup> waiting_;
  std::size_t waiting_requests_ = 0;
  std::size_t waiting_bytes_ = 0;
  bool syncing_ = false;
  std::vector<WrittenGroup> unsynced_;  ///< of the sync that failed
  std::optional<core::Error> error_;
  bool resting_ = false;
  bool stopping_ = false;
  std::atomic<bool> idle_{true};
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

}  // namespace hansard::rocks
