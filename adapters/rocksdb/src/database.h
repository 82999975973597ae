#pragma once

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "engine_options.h"

namespace hansard::rocks {

/// One opening of the RocksDB files. Held by `shared_ptr` only while a call runs, so that it can be
/// closed under long-lived readers: those keep a `weak_ptr` and find it gone.
/// Threads: safe to call concurrently.
class Database {
 public:
  struct How {
    std::filesystem::path path;
    bool create = false;
    bool read_only = false;
    bool tolerate_loss = false;  ///< see engine_options.h
  };
  /// Errors: unsupported (column families of a newer format), unavailable, corruption,
  /// out_of_space.
  static core::Result<std::unique_ptr<Database>> open(const Engine& engine, const How& how);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* operator[](Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }

  /// Point read; nothing when the key is not there. `doing` names it in an error.
  [[nodiscard]] core::Result<std::optional<std::string>> get(Family family, std::string_view key,
                                                             std::string_view doing) const;

  /// Removes a family with its files, durably; opening anew makes an empty one. Nothing else may
  /// use the family meanwhile, or afterwards.
  [[nodiscard]] core::Status drop(Family family);

  /// Makes every write that returned before durable. Beside writes, on any thread.
  [[nodiscard]] core::Status sync_log() const;

  /// Asks running scans to end with `unavailable`, and a running compaction of ours to end.
  void begin_close() {
    closing_.store(true, std::memory_order_relaxed);
    compacting_no_more_.store(true, std::memory_order_relaxed);
  }
  [[nodiscard]] bool closing() const { return closing_.load(std::memory_order_relaxed); }

  /// A consistent view that its holder gives back. Closing takes it back, and so does an erasure
  /// that has waited long enough.
  struct Pin {
    mutable std::shared_mutex in_use;  ///< held shared while `snapshot` is handed to RocksDB
    const rocksdb::Snapshot* snapshot = nullptr;
    std::atomic<bool> taken_back{false};  ///< then it is gone
  };
  std::shared_ptr<const Pin> pin();
  void unpin(const Pin& pin);
  /// Waits up to `patience` until no pin is older than `sequence`, then takes back those that are.
  void outlive_pins(rocksdb::SequenceNumber sequence, std::chrono::milliseconds patience);

  /// Counts up when iterators over events should be made anew, so that old files may go.
  [[nodiscard]] std::uint64_t renewal() const { return renewal_.load(std::memory_order_relaxed); }
  void renew_readers() { renewal_.fetch_add(1, std::memory_order_relaxed); }

  /// For `CompactRangeOptions::canceled`.
  std::atomic<bool>& compacting_no_more() { return compacting_no_more_; }

 private:
  explicit Database(std::shared_ptr<LogFiles> log_files);

  const std::shared_ptr<LogFiles> log_files_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* default_ = nullptr;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> handles_{};
  std::atomic<bool> closing_{false};
  std::atomic<bool> compacting_no_more_{false};
  std::atomic<std::uint64_t> renewal_{0};
  std::mutex mutex_;
  std::condition_variable unpinned_;
  std::unordered_map<const Pin*, std::shared_ptr<Pin>> pins_;  ///< guarded by mutex_
};

/// The database in use now, or none between a failed commit and the reopening. Thread-safe.
class DatabaseSlot {
 public:
  /// Errors: unavailable.
  [[nodiscard]] core::Result<std::shared_ptr<Database>> get() const;
  void set(std::unique_ptr<Database> database);
  /// Takes the database away from new calls, waits for the running ones, and closes it.
  void close();
  /// Counts the openings: whoever remembers something about one can tell that it is another.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Database> database_;  ///< guarded by mutex_
  std::future<void> closed_;            ///< guarded by mutex_; ready once `database_` is destroyed
  std::atomic<std::uint64_t> epoch_{0};
};

}  // namespace hansard::rocks
