#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace hansard::rocks::testing {

/// RocksDB's files on the real disk, with three ways to go wrong on command: a sync that fails, a
/// sync that waits, and a power cut after which everything that was not synced is gone.
/// Thread-safe.
class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  [[nodiscard]] const char* Name() const override { return "FaultyFileSystem"; }

  /// The next `count` syncs of write-ahead logs fail with that error.
  void fail_log_syncs(int count, const rocksdb::IOStatus& error) {
    const std::lock_guard lock(mutex_);
    failing_syncs_ = count;
    error_ = error;
  }
  /// The next `count` appends to write-ahead logs fail with that error, writing nothing.
  void fail_log_appends(int count, const rocksdb::IOStatus& error) {
    const std::lock_guard lock(mutex_);
    failing_appends_ = count;
    error_ = error;
  }
  /// Every `n`th sync of a write-ahead log fails from now on; 0: none.
  void fail_every_log_sync(int n) {
    const std::lock_guard lock(mutex_);
    failing_every_ = n;
    error_ = rocksdb::IOStatus::IOError("planned");
  }
  /// Every opening of a new write-ahead log fails until told otherwise.
  void refuse_new_logs(bool refuse) {
    const std::lock_guard lock(mutex_);
    refusing_new_logs_ = refuse;
  }
  /// Syncs of write-ahead logs wait from now on.
  void hold_log_syncs() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  /// Waits until one does.
  void wait_for_held_sync() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_ != 0; });
  }
  void release_log_syncs() {
    {
      const std::lock_guard lock(mutex_);
      holding_ = false;
    }
    changed_.notify_all();
  }
  /// From now on nothing reaches the disk; every attempt fails.
  void cut_power() {
    {
      const std::lock_guard lock(mutex_);
      power_ = false;
      holding_ = false;
    }
    changed_.notify_all();
  }
  /// Cuts the power inside the `n`th sync from now, of whichever file, before it takes effect.
  void cut_power_in_sync(int n) {
    const std::lock_guard lock(mutex_);
    syncs_left_ = n;
  }
  [[nodiscard]] bool has_power() const {
    const std::lock_guard lock(mutex_);
    return power_;
  }
  /// After a power cut, with every file closed: takes away what was written but not synced.
  void drop_unsynced() const {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, synced] : synced_) {
      std::error_code failed;
      const auto size = std::filesystem::file_size(name, failed);
      if (!failed && size > synced) std::filesystem::resize_file(name, synced);
    }
  }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (auto status = may_write(); !status.ok()) return status;
    if (is_log(name) && refusing_new_logs()) return rocksdb::IOStatus::IOError("refused by test");
    auto status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
    if (!status.ok()) return status;
    note_synced(name, 0);
    *file = std::make_unique<File>(std::move(*file), *this, name);
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (auto status = may_write(); !status.ok()) return status;
    auto status = FileSystemWrapper::RenameFile(from, to, options, debug);
    const std::lock_guard lock(mutex_);
    if (const auto known = synced_.find(from); status.ok() && known != synced_.end()) {
      synced_[to] = known->second;
      synced_.erase(known);
    }
    return status;
  }
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (auto status = may_write(); !status.ok()) return status;
    auto status = FileSystemWrapper::DeleteFile(name, options, debug);
    const std::lock_guard lock(mutex_);
    if (status.ok()) synced_.erase(name);
    return status;
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, FaultyFileSystem& system, std::string name)
        : FSWritableFileOwnerWrapper(std::move(file)), system_(system), name_(std::move(name)) {}

    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (auto status = system_.may_append(name_); !status.ok()) return status;
      auto status = FSWritableFileOwnerWrapper::Append(data, options, debug);
      if (status.ok()) written_.fetch_add(data.size());
      return status;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo&,
                             rocksdb::IODebugContext* debug) override {
      return Append(data, options, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      const auto written = written_.load();
      if (auto status = system_.may_sync(name_); !status.ok()) return status;
      auto status = FSWritableFileOwnerWrapper::Sync(options, debug);
      if (status.ok()) system_.note_synced(name_, written);
      return status;
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      return Sync(options, debug);
    }

   private:
    FaultyFileSystem& system_;
    const std::string name_;
    std::atomic<std::uint64_t> written_{0};
  };

  static bool is_log(const std::string& name) { return name.ends_with(".log"); }
  static rocksdb::IOStatus no_power() {
    return rocksdb::IOStatus::IOError("power was cut by test");
  }

  bool refusing_new_logs() const {
    const std::lock_guard lock(mutex_);
    return refusing_new_logs_;
  }
  rocksdb::IOStatus may_write() const {
    const std::lock_guard lock(mutex_);
    return power_ ? rocksdb::IOStatus::OK() : no_power();
  }
  rocksdb::IOStatus may_append(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (!power_) return no_power();
    if (!is_log(name) || failing_appends_ == 0) return rocksdb::IOStatus::OK();
    --failing_appends_;
    return error_;
  }
  rocksdb::IOStatus may_sync(const std::string& name) {
    std::unique_lock lock(mutex_);
    if (is_log(name)) {
      ++held_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !holding_; });
      --held_;
    }
    if (syncs_left_ > 0 && --syncs_left_ == 0) power_ = false;
    if (!power_) return no_power();
    if (!is_log(name)) return rocksdb::IOStatus::OK();
    const bool planned = failing_every_ != 0 && ++log_syncs_ % failing_every_ == 0;
    if (failing_syncs_ == 0 && !planned) return rocksdb::IOStatus::OK();
    if (failing_syncs_ != 0) --failing_syncs_;
    return error_;
  }
  void note_synced(const std::string& name, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    auto& synced = synced_[name];
    synced = bytes == 0 ? 0 : std::max(synced, bytes);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All below is guarded by mutex_.
  bool power_ = true;
  bool holding_ = false;
  int held_ = 0;
  int failing_syncs_ = 0;
  int failing_appends_ = 0;
  int failing_every_ = 0;
  int log_syncs_ = 0;
  int syncs_left_ = 0;
  bool refusing_new_logs_ = false;
  rocksdb::IOStatus error_;
  std::map<std::string, std::uint64_t> synced_;  ///< bytes of each file that a power cut leaves
};

}  // namespace hansard::rocks::testing
