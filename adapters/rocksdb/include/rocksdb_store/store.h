#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_log.h"
#include "core/hash.h"
#include "core/ids.h"
#include "core/read_model_store.h"
#include "core/result.h"
#include "core/tree.h"
#include "rocksdb_store/own_files.h"

namespace rocksdb {
class FileSystem;
}

namespace hansard::rocks {

class ContentEraser;
class PinnedFiles;
struct VerifyOptions;
struct VerifyReport;

/// How to open a data directory. Every bound has a name here; none of them is stored.
struct OpenOptions {
  std::filesystem::path directory;
  const core::Hasher* hasher = nullptr;                 ///< outlives the store
  const core::EventEquivalence* equivalence = nullptr;  ///< outlives the store
  bool create_if_missing = true;
  bool read_only = false;  ///< reads and `verify` only; appends answer `unsupported`
  bool accept_loss =
      false;  ///< go on although acknowledged events are missing (`doctor --accept-loss`)

  std::size_t queue_requests_max = 4096;       ///< appends waiting to be sequenced; then overloaded
  std::size_t queue_bytes_max = 128U << 20;    ///< their payload bytes; then overloaded
  std::size_t group_requests_max = 256;        ///< appends committed by one sync
  std::size_t group_bytes_max = 8U << 20;      ///< one larger append is still one group
  std::size_t memtable_bytes = 96U << 20;      ///< over all column families
  std::size_t block_cache_bytes = 192U << 20;  ///< with index and filter blocks
  std::size_t head_cache_bytes = 16U << 20;    ///< last versions of streams

  std::uint64_t free_space_floor_bytes = 256U << 20;  ///< below it appends answer out_of_space
  std::uint64_t free_space_hard_floor_bytes =
      64U << 20;                            ///< below it also those that complete an answer
  std::uint64_t ballast_bytes = 64U << 20;  ///< kept back, given up at the floor; 0: none

  std::chrono::milliseconds views_flush_interval{30'000};  ///< most that views lose in a crash
  std::chrono::milliseconds reopen_pause_max{5'000};       ///< backoff after a failed commit

  /// Where RocksDB keeps its files; the operating system's when empty.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  /// Where the other files of the data directory are; the operating system's when empty.
  std::shared_ptr<OwnFiles> own_files;
  /// Told what an operator should know (a commit failed, space is short, served again), without
  /// content of events; called on threads of the store, must not block. May be empty.
  std::function<void(std::string_view)> notice;
};

/// Memory by name, for `/metrics`.
struct MemoryUse {
  std::string_view name;
  std::size_t bytes = 0;
  std::size_t budget_bytes = 0;  ///< 0: not bounded on its own
};

/// Counters since open.
struct Stats {
  std::uint64_t groups = 0;    ///< synced
  std::uint64_t requests = 0;  ///< answered by those groups
  std::uint64_t events = 0;    ///< written
  std::uint64_t bytes = 0;     ///< of write batches
  std::uint64_t overloaded = 0;
  std::uint64_t out_of_space = 0;
  std::uint64_t commit_failures = 0;
  std::uint64_t reopened = 0;
  std::size_t queue_requests = 0;  ///< now
  std::size_t queue_bytes = 0;     ///< now
  /// Commits (write and sync) by duration: bucket i counts those below 2^i * 64 us, the last all
  /// others.
  static constexpr std::size_t kSyncBuckets = 16;
  std::vector<std::uint64_t> sync_buckets;
  std::chrono::microseconds sync_time{};  ///< sum
  bool serving = true;                    ///< false between a failed commit and the reopening
  bool space_short = false;               ///< appends answer out_of_space
};

/// One data directory: the log and the views, on RocksDB. See README.md for every stored byte, the
/// threads and the rules of failure.
/// Threads: all members but `close` and the destructor are safe to call concurrently.
class RocksStore {
 public:
  /// Opens or creates. Blocks on disk: well under a second after a stop or a kill.
  /// Errors: not_found (and create_if_missing is off), invalid_argument (not a directory),
  ///   unsupported (stored format unknown, naming both), unavailable (in use by another process,
  ///   naming it; no permission; an I/O error), out_of_space, corruption (damage, foreign keys, or
  ///   acknowledged events missing: says how many, and how to go on).
  static core::Result<std::unique_ptr<RocksStore>> open(OpenOptions options);
  ~RocksStore();
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  [[nodiscard]] core::EventLog& log();
  [[nodiscard]] core::ReadModelStore& views();
  /// The hashes of the log's tree, to prove what is in it.
  [[nodiscard]] const core::Tree& tree() const;
  [[nodiscard]] ContentEraser& eraser();
  [[nodiscard]] const core::Hash& store_key() const;
  [[nodiscard]] const core::Uuid& log_id() const;
  /// From 1; one more for each restore to an earlier point, so that two logs of one id that went
  /// different ways can be told apart.
  [[nodiscard]] std::uint64_t epoch() const;
  /// Begins the next epoch, durably. For a log whose history is no longer the one that was signed;
  /// to be called before anything is signed under the new one. Errors: unavailable, out_of_space.
  core::Status begin_epoch();
  [[nodiscard]] const std::filesystem::path& directory() const;
  /// Where the files beside RocksDB's are, for whoever keeps some of them.
  [[nodiscard]] OwnFiles& own_files() const;

  [[nodiscard]] std::vector<MemoryUse> memory_usage() const;
  [[nodiscard]] Stats stats() const;

  /// Re-reads everything and compares it, see verify.h. Blocks for as long as that takes; the store
  /// goes on serving. Errors: unavailable, cancelled (by `progress`); damage is in the report.
  [[nodiscard]] core::Result<VerifyReport> verify(const VerifyOptions& options) const;

  /// The files of `db/` as they stand, to be copied while the store goes on, see pinned_files.h.
  /// Milliseconds. Errors: unavailable.
  [[nodiscard]] core::Result<std::unique_ptr<PinnedFiles>> pin_files() const;

  /// Commits what was accepted, answers `cancelled` from then on, flushes views, syncs HEAD,
  /// closes. Every `done` has been called when it returns. Idempotent. Errors: unavailable (what
  /// was acknowledged is durable all the same).
  core::Status close();

 private:
  struct Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::rocks
