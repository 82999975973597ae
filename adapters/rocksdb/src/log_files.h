#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hansard::rocks {

class LogFile;

/// RocksDB's files, as they are, and the write-ahead logs among them by name: so that they can be
/// synced beside the writes without RocksDB's help.
///
/// Why not `DB::SyncWAL`: it aborts the process (7.8; packaged with its assertions on) when it
/// meets a log that a flush, a synced write or an append has failed on just before, and RocksDB's
/// own locks let that happen. It does nothing else that we need: what a flush relies on it syncs
/// itself. Threads: safe to call concurrently.
class LogFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit LogFiles(const std::shared_ptr<rocksdb::FileSystem>& files);
  [[nodiscard]] const char* Name() const override { return "hansard.log_files"; }

  /// Makes every append to a log that returned before this call durable, and the log's name. A log
  /// on which a sync has failed, whoever's it was, fails for ever: the operating system forgets
  /// what it could not write. Cost: one fdatasync per log with unsynced bytes, mostly one.
  rocksdb::IOStatus sync();

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  /// Of CURRENT, which names the manifest: only once the manifest's own name is durable. RocksDB
  /// syncs the directory after it alone, so that a power loss could keep the one without the other.
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  rocksdb::IOStatus sync_folder(const std::string& folder);

  std::mutex mutex_;
  std::vector<std::weak_ptr<LogFile>> logs_;   ///< guarded by mutex_; oldest first
  std::uint64_t created_ = 0;                  ///< guarded by mutex_; logs so far
  std::vector<std::string> unsynced_folders_;  ///< guarded by mutex_; hold names of new logs
};

}  // namespace hansard::rocks
