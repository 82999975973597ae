#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "counters.h"
#include "engine_options.h"
#include "log_state.h"
#include "notifier.h"
#include "request_queue.h"
#include "sequencing_index.h"
#include "space_guard.h"
#include "syncer.h"

namespace hansard::rocks {

/// The write path of the log. `append` queues; the sequencing thread (this class) decides, hashes,
/// encodes and writes to RocksDB without a sync, all while the syncing thread syncs what was
/// written before. When either fails, the sequencing thread reopens the database and goes on from
/// what is on disk (recovery.cpp).
class Committer {
 public:
  struct Parts {
    const OpenOptions& options;
    DatabaseSlot& databases;
    Published& published;
    HeadFile& head_file;
    Notifier& notifier;
    SpaceGuard& space;
    Counters& counters;
    ReadAs read_as;  ///< as what known events are compared
    /// Opens the files anew. Errors: as `Database::open`.
    std::function<core::Result<std::unique_ptr<Database>>()> reopen;
  };
  Committer(const Parts& parts, LogState state);
  ~Committer();  ///< `stop`s

  /// As `EventLog::append`. Refusals by form or bound are told at once, on the caller's thread.
  void append(core::AppendRequest request, core::AppendDone done);
  [[nodiscard]] RequestQueue::Depth queue_depth() const { return queue_.depth(); }

  /// Says that the database of that epoch refused a write that is not the log's: it is opened anew,
  /// unless it has been already. Never blocks.
  void database_failed(std::uint64_t epoch, const core::Error& error);

  /// Commits whatever was queued, then ends both threads. Idempotent.
  void stop();

 private:
  void run();
  void handle(Queued queued);
  core::Result<core::Receipt> sequence(const core::AppendRequest& request);
  /// Starts a group at `first` unless one is open.
  void begin_group(core::Position first);
  [[nodiscard]] bool group_is_due() const;
  void write_group();
  void hand_over(WrittenGroup written);
  void tell_early();

  void recover_if_failed();
  void recover(const core::Error& error);
  core::Status try_reopen();
  void refuse_queued(std::chrono::milliseconds pause, const core::Error& error);
  void notice(const std::string& text) const;

  const Parts parts_;
  RequestQueue queue_;

  // Confined to the sequencing thread.
  LogState state_;
  Group group_;  ///< being built; written as one batch
  SequencingIndex index_;
  std::shared_ptr<Database> database_;  ///< dropped before a reopening
  std::vector<Queued> taken_;           ///< from the queue
  std::size_t handled_ = 0;             ///< of those
  std::vector<Answer> early_;           ///< answers that wait for no sync
  bool closed_ = false;                 ///< the queue was closed
  bool abandoned_ = false;              ///< closed while the database could not be reopened
  int lone_groups_ = 0;                 ///< in a row: see `hand_over`

  std::atomic<bool> suspected_{false};  ///< looked at for every request
  std::mutex suspect_mutex_;
  std::optional<std::pair<std::uint64_t, core::Error>> suspect_;  ///< guarded by suspect_mutex_

  Syncer syncer_;
  std::thread thread_;
};

}  // namespace hansard::rocks
