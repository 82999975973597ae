#include "log_files.h"

#include <algorithm>
#include <atomic>

namespace hansard::rocks {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// One log, shared by RocksDB, which writes and closes it, and whoever syncs it meanwhile.
class LogFile {
 public:
  explicit LogFile(std::unique_ptr<rocksdb::FSWritableFile> file) : file_(std::move(file)) {}

  [[nodiscard]] rocksdb::FSWritableFile& file() { return *file_; }
  void note_appended() { appended_.fetch_add(1, std::memory_order_release); }

  IOStatus sync(bool whole, const IOOptions& options, IODebugContext* debug) {
    const std::lock_guard lock(mutex_);
    // RocksDB closes a log once it has synced it, or once tables hold all of it.
    if (closed_) return IOStatus::OK();
    if (failed_) return error_;
    const std::uint64_t appended = appended_.load(std::memory_order_acquire);
    if (appended == synced_) return IOStatus::OK();
    auto status = whole ? file_->Fsync(options, debug) : file_->Sync(options, debug);
    if (status.ok()) {
      synced_ = appended;
    } else {
      failed_ = true;
      error_ = status;
    }
    return status;
  }
  IOStatus close(const IOOptions& options, IODebugContext* debug) {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return file_->Close(options, debug);
  }
  void abandon() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

 private:
  const std::unique_ptr<rocksdb::FSWritableFile> file_;
  std::atomic<std::uint64_t> appended_{1};  ///< calls; an empty file is synced once, too
  std::mutex mutex_;                        ///< held while syncing; appends do not take it
  std::uint64_t synced_ = 0;                ///< guarded by mutex_, as are the next
  bool closed_ = false;
  bool failed_ = false;
  IOStatus error_;
};

namespace {

/// What RocksDB holds of a log.
class WritableLog final : public rocksdb::FSWritableFileWrapper {
 public:
  explicit WritableLog(std::shared_ptr<LogFile> log)
      : FSWritableFileWrapper(&log->file()), log_(std::move(log)) {}
  ~WritableLog() override { log_->abandon(); }
  WritableLog(const WritableLog&) = delete;
  WritableLog& operator=(const WritableLog&) = delete;

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    auto status = FSWritableFileWrapper::Append(data, options, debug);
    log_->note_appended();
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    auto status = FSWritableFileWrapper::Append(data, options, info, debug);
    log_->note_appended();
    return status;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return log_->sync(false, options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return log_->sync(true, options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return log_->close(options, debug);
  }

 private:
  const std::shared_ptr<LogFile> log_;
};

}  // namespace

LogFiles::LogFiles(const std::shared_ptr<rocksdb::FileSystem>& files) : FileSystemWrapper(files) {}

IOStatus LogFiles::NewWritableFile(const std::string& name, const FileOptions& options,
                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                   IODebugContext* debug) {
  auto status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (!status.ok() || !name.ends_with(".log")) return status;
  auto log = std::make_shared<LogFile>(std::move(*file));
  *file = std::make_unique<WritableLog>(log);
  const std::lock_guard lock(mutex_);
  logs_.erase(
      std::remove_if(logs_.begin(), logs_.end(), [](const auto& known) { return known.expired(); }),
      logs_.end());
  logs_.push_back(log);
  ++created_;
  std::string folder = name.substr(0, name.rfind('/'));
  if (std::find(unsynced_folders_.begin(), unsynced_folders_.end(), folder) ==
      unsynced_folders_.end()) {
    unsynced_folders_.push_back(std::move(folder));
  }
  return status;
}

IOStatus LogFiles::sync_folder(const std::string& folder) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  auto status = NewDirectory(folder, IOOptions(), &directory, nullptr);
  return status.ok() ? directory->Fsync(IOOptions(), nullptr) : status;
}

IOStatus LogFiles::RenameFile(const std::string& from, const std::string& to,
                              const IOOptions& options, IODebugContext* debug) {
  if (to.ends_with("/CURRENT")) {
    if (auto status = sync_folder(to.substr(0, to.rfind('/'))); !status.ok()) return status;
  }
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

IOStatus LogFiles::sync() {
  std::vector<std::shared_ptr<LogFile>> logs;
  std::vector<std::string> folders;
  std::uint64_t created = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& known : logs_) {
      if (auto log = known.lock()) logs.push_back(std::move(log));
    }
    folders = unsynced_folders_;
    created = created_;
  }
  for (const auto& log : logs) {
    if (auto status = log->sync(false, IOOptions(), nullptr); !status.ok()) return status;
  }
  for (const std::string& folder : folders) {
    if (auto status = sync_folder(folder); !status.ok()) return status;
  }
  if (!folders.empty()) {
    const std::lock_guard lock(mutex_);
    // A log created meanwhile is not synced above and holds nothing of this call, but its name
    // must be synced by the next one.
    if (created_ == created) unsynced_folders_.clear();
  }
  return IOStatus::OK();
}

}  // namespace hansard::rocks
