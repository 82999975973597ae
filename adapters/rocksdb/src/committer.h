#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "counters.h"
#include "engine_options.h"
#include "group_exchange.h"
#include "log_state.h"
#include "notifier.h"
#include "request_queue.h"
#include "sequencing_index.h"
#include "space_guard.h"
#include "writer.h"

namespace hansard::rocks {

/// The write path of the log. `append` queues; the sequencing thread (this class) decides, encodes
/// and hashes into the group that is being built while the writing thread syncs the one before;
/// after a failed commit the sequencing thread reopens the database and goes on from disk.
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
    /// Opens the files anew. Errors: as `Database::open`.
    std::function<core::Result<std::unique_ptr<Database>>()> reopen;
  };
  Committer(const Parts& parts, LogState state);
  ~Committer();  ///< `stop`s

  /// As `EventLog::append`. Refusals by form or bound are told at once, on the caller's thread.
  void append(core::AppendRequest request, core::AppendDone done);
  [[nodiscard]] RequestQueue::Depth queue_depth() const { return queue_.depth(); }

  /// Commits whatever was queued, then ends both threads. Idempotent.
  void stop();

 private:
  void run();
  void handle(Queued queued);
  core::Result<core::Receipt> sequence(const core::AppendRequest& request);
  /// Gives the open group to the writer, now or as soon as it is free.
  void leave_open();
  void wait_for_room();
  /// The group being built; a new one starts at `first`.
  Group& open_group(core::Position first);
  void tell_early();

  void recover();
  core::Status try_reopen();
  void refuse_queued(std::chrono::milliseconds pause, const core::Error& error);
  void end_writer();
  void notice(const std::string& text) const;

  const Parts parts_;
  RequestQueue queue_;
  GroupExchange exchange_;
  const std::function<void()> wake_;

  // Confined to the sequencing thread.
  LogState state_;
  SequencingIndex index_;
  std::shared_ptr<Database> database_;  ///< dropped before a reopening
  std::unique_ptr<Group> open_;
  std::uint64_t groups_begun_ = 0;
  std::vector<Queued> taken_;
  std::vector<Answer> early_;  ///< answers that wait for no sync
  bool closed_ = false;        ///< the queue was closed

  std::unique_ptr<Writer> writer_;
  std::thread thread_;
};

}  // namespace hansard::rocks
