#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>

#include "disk_files.h"

namespace hansard::faults {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus to_status(Outcome outcome, const std::string& path) {
  switch (outcome) {
    case Outcome::ok:
      return IOStatus::OK();
    case Outcome::absent:
      return IOStatus::PathNotFound(path);
    case Outcome::no_space: {
      auto status = IOStatus::NoSpace(path, "planned");
      status.SetRetryable(true);  // as RocksDB's own does
      return status;
    }
    case Outcome::exists:
    case Outcome::io_error:
      break;
  }
  return IOStatus::IOError(path, "planned");
}

class Sequential final : public rocksdb::FSSequentialFile {
 public:
  Sequential(std::shared_ptr<Disk> disk, Disk::Handle file, std::string path)
      : disk_(std::move(disk)), file_(std::move(file)), path_(std::move(path)) {}
  IOStatus Read(std::size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    std::size_t got = 0;
    auto status = to_status(disk_->read(file_, at_, n, scratch, got), path_);
    *result = Slice(scratch, got);
    at_ += got;
    return status;
  }
  IOStatus Skip(std::uint64_t n) override {
    at_ = std::min(at_ + n, disk_->size(file_));
    return IOStatus::OK();
  }

 private:
  const std::shared_ptr<Disk> disk_;
  const Disk::Handle file_;
  const std::string path_;
  std::uint64_t at_ = 0;
};

class RandomAccess final : public rocksdb::FSRandomAccessFile {
 public:
  RandomAccess(std::shared_ptr<Disk> disk, Disk::Handle file, std::string path)
      : disk_(std::move(disk)), file_(std::move(file)), path_(std::move(path)) {}
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    std::size_t got = 0;
    auto status = to_status(disk_->read(file_, offset, n, scratch, got), path_);
    *result = Slice(scratch, got);
    return status;
  }

 private:
  const std::shared_ptr<Disk> disk_;
  const Disk::Handle file_;
  const std::string path_;
};

class Writable final : public rocksdb::FSWritableFile {
 public:
  Writable(std::shared_ptr<Disk> disk, Disk::Handle file, std::string path)
      : disk_(std::move(disk)), file_(std::move(file)), path_(std::move(path)) {}
  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    return to_status(disk_->append(file_, data.ToStringView()), path_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return to_status(disk_->sync(file_), path_);
  }
  [[nodiscard]] bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    return disk_->size(file_);
  }

 private:
  const std::shared_ptr<Disk> disk_;
  const Disk::Handle file_;
  const std::string path_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(std::shared_ptr<Disk> disk, std::string path)
      : disk_(std::move(disk)), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return to_status(disk_->sync_directory(path_), path_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  const std::shared_ptr<Disk> disk_;
  const std::string path_;
};

class Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(Disk::Handle locked) : file(std::move(locked)) {}
  const Disk::Handle file;
};

class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
  [[nodiscard]] std::size_t GetLogFileSize() const override { return 0; }
};

std::string plain(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  for (auto twice = path.find("//"); twice != std::string::npos; twice = path.find("//")) {
    path.erase(twice, 1);
  }
  return path;
}

class Files final : public rocksdb::FileSystem {
 public:
  explicit Files(std::shared_ptr<Disk> disk) : disk_(std::move(disk)) {}
  [[nodiscard]] const char* Name() const override { return "SimulatedDisk"; }

  IOStatus NewSequentialFile(const std::string& name, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file,
                             IODebugContext*) override {
    const auto opened = disk_->open(plain(name));
    if (opened.file) *file = std::make_unique<Sequential>(disk_, opened.file, name);
    return to_status(opened.outcome, name);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                               IODebugContext*) override {
    const auto opened = disk_->open(plain(name));
    if (opened.file) *file = std::make_unique<RandomAccess>(disk_, opened.file, name);
    return to_status(opened.outcome, name);
  }
  IOStatus NewWritableFile(const std::string& name, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext*) override {
    return writable(name, false, file);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                              IODebugContext*) override {
    return writable(name, true, file);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        IODebugContext*) override {
    if (!disk_->is_directory(plain(name))) return IOStatus::PathNotFound(name);
    *directory = std::make_unique<Directory>(disk_, plain(name));
    return IOStatus::OK();
  }
  IOStatus FileExists(const std::string& name, const IOOptions&, IODebugContext*) override {
    const bool there = disk_->size(plain(name)) || disk_->is_directory(plain(name));
    return there ? IOStatus::OK() : IOStatus::NotFound(name);
  }
  IOStatus GetChildren(const std::string& name, const IOOptions&, std::vector<std::string>* result,
                       IODebugContext*) override {
    auto children = disk_->list(plain(name));
    if (!children) return IOStatus::NotFound(name);
    *result = *std::move(children);
    return IOStatus::OK();
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) override {
    return to_status(disk_->remove(plain(name)), name);
  }
  IOStatus CreateDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return to_status(disk_->make_directory(plain(name)), name);
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions&, IODebugContext*) override {
    const auto outcome = disk_->make_directory(plain(name));
    return outcome == Outcome::exists ? IOStatus::OK() : to_status(outcome, name);
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) override {
    return to_status(disk_->remove(plain(name)), name);
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions&, std::uint64_t* bytes,
                       IODebugContext*) override {
    const auto size = disk_->size(plain(name));
    if (!size) return IOStatus::PathNotFound(name);
    *bytes = *size;
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, std::uint64_t* time,
                                   IODebugContext*) override {
    *time = 1;
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return to_status(disk_->rename(plain(from), plain(to)), to);
  }
  IOStatus LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    const auto opened = disk_->create(plain(name), true);
    if (!opened.file) return to_status(opened.outcome, name);
    if (!disk_->lock(opened.file, true)) return IOStatus::IOError(name, "is locked");
    *lock = new Lock(opened.file);
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<Lock> held(static_cast<Lock*>(lock));
    disk_->unlock(held->file, true);
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/";
    return IOStatus::OK();
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext*) override {
    *result = std::make_shared<SilentLogger>();
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                           IODebugContext*) override {
    *absolute = plain(path);
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* bytes,
                        IODebugContext*) override {
    *bytes = disk_->free();
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is_directory,
                       IODebugContext*) override {
    *is_directory = disk_->is_directory(plain(path));
    return IOStatus::OK();
  }

 private:
  IOStatus writable(const std::string& name, bool keep,
                    std::unique_ptr<rocksdb::FSWritableFile>* file) {
    const auto opened = disk_->create(plain(name), keep);
    if (opened.file) *file = std::make_unique<Writable>(disk_, opened.file, name);
    return to_status(opened.outcome, name);
  }

  const std::shared_ptr<Disk> disk_;
};

}  // namespace

void widen_background_pools(int threads) {
  for (const auto priority : {rocksdb::Env::LOW, rocksdb::Env::HIGH}) {
    rocksdb::Env::Default()->SetBackgroundThreads(threads, priority);
  }
}

std::shared_ptr<rocksdb::FileSystem> rocksdb_files(std::shared_ptr<Disk> disk) {
  return std::make_shared<Files>(std::move(disk));
}

}  // namespace hansard::faults
