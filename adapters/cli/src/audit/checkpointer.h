#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "audit/checkpoint_copies.h"
#include "audit/log_notary.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

/// Signs the visible end of the log, at most once an interval and only if it has grown, into
/// `<data>/checkpoint`, and copies it to where history is to be pinned (`checkpoint_copies.h`). On
/// a thread of its own (`checkpoints`); nothing here holds up recording. A failure is told once and
/// tried again after the interval. Threads: `start` and `finish` once; the rest by any.
class Checkpointer {
 public:
  static constexpr std::chrono::milliseconds kInterval{10'000};
  /// What `finish` waits for addresses to take the last note.
  static constexpr std::chrono::milliseconds kFarewell{2'000};

  struct Ports {
    rocks::RocksStore& store;
    const LogNotary& notary;
    const core::Clock& clock;
    std::function<void(std::string_view)> notice;
  };
  /// @param copies  as for `CheckpointCopies`. Errors: those of making them.
  static core::Result<std::unique_ptr<Checkpointer>> create(
      Ports ports, const std::vector<std::string>& copies,
      std::chrono::milliseconds interval = kInterval);
  ~Checkpointer();

  /// From now on by itself; the first at once, if the log is ahead of the file.
  void start();
  /// The key has changed: the same end is signed anew, now.
  void sign_again();
  /// Ends the thread and signs what has come since; the store may be closed already. Errors: those
  /// of writing `<data>/checkpoint`.
  core::Status finish();

  /// For `/metrics`.
  struct Status {
    std::uint64_t size = 0;  ///< of the tree signed last; 0: none
    std::uint64_t written = 0;
    std::uint64_t failures = 0;  ///< of writing `<data>/checkpoint`
    std::vector<CheckpointCopies::Status> copies;
  };
  [[nodiscard]] Status status() const;

 private:
  Checkpointer(Ports ports, std::chrono::milliseconds interval)
      : ports_(std::move(ports)), interval_(interval) {}
  void run();
  core::Status sign(bool anew);
  void wake();

  const Ports ports_;
  const std::chrono::milliseconds interval_;
  std::unique_ptr<CheckpointCopies> copies_;
  bool failing_ = false;  ///< told already; of the thread
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  ///< guarded by mutex_, as is what follows
  bool woken_ = false;
  bool anew_ = false;
  Status status_;
  std::thread thread_;
};

}  // namespace hansard::cli
