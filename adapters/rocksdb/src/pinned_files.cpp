#include "rocksdb_store/pinned_files.h"

#include <rocksdb/metadata.h>

#include <condition_variable>
#include <limits>
#include <mutex>

#include "status.h"
#include "store_impl.h"

namespace hansard::rocks {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

struct PinnedFiles::Impl {
  DatabaseSlot& databases;
  RocksLog& log;
  std::uint64_t epoch = 0;
  /// Weak: a database that has to be closed must not wait for whoever copies its files.
  std::weak_ptr<Database> database;
  bool deletions_off = false;  ///< a database opened read-only deletes nothing
  std::vector<PinnedFile> files;

  Status list(Database& of, bool read_only) {
    if (!read_only) {
      const auto off = of.db().DisableFileDeletions();
      if (!off.ok()) return translate(off, "pinning the files");
      deletions_off = true;
    }
    rocksdb::LiveFilesStorageInfoOptions how;
    how.wal_size_for_flush = std::numeric_limits<std::uint64_t>::max();
    std::vector<rocksdb::LiveFileStorageInfo> live;
    const auto listed = of.db().GetLiveFilesStorageInfo(how, &live);
    if (!listed.ok()) return translate(listed, "listing the files");
    for (rocksdb::LiveFileStorageInfo& each : live) {
      files.push_back({each.relative_filename,
                       std::filesystem::path(each.directory) / each.relative_filename, each.size,
                       std::move(each.replacement_contents)});
    }
    return Ok{};
  }
  [[nodiscard]] Error gone() const {
    return {Errc::unavailable,
            "the store was closed, or reopened after a failed write, while its files were copied"};
  }
};

PinnedFiles::PinnedFiles(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

PinnedFiles::~PinnedFiles() {
  const auto database = impl_->database.lock();
  // Not forced: another copy may be under way.
  if (database && impl_->deletions_off) {
    database->db().EnableFileDeletions(false).PermitUncheckedError();
  }
}

const std::vector<PinnedFile>& PinnedFiles::files() const { return impl_->files; }

Status PinnedFiles::await_synced(core::Position end,
                                 std::chrono::steady_clock::time_point deadline) const {
  std::mutex mutex;
  std::condition_variable moved;
  bool told = false;
  const auto subscription = impl_->log.subscribe([&](core::Position /*end*/) {
    const std::lock_guard lock(mutex);
    told = true;
    moved.notify_one();
  });
  std::unique_lock lock(mutex);
  while (impl_->log.end() < end) {
    if (impl_->database.expired()) return impl_->gone();
    if (!moved.wait_until(lock, deadline, [&] { return told; })) {
      return Error{Errc::timed_out, "position " + std::to_string(end.value - 1) +
                                        " is copied, but was not synced in time"};
    }
    told = false;
  }
  // Synced by another opening it may be another event.
  if (impl_->databases.epoch() != impl_->epoch) return impl_->gone();
  return Ok{};
}

core::Result<std::unique_ptr<PinnedFiles>> RocksStore::pin_files() const {
  const std::uint64_t epoch = impl_->databases.epoch();
  const auto database = impl_->databases.get();
  if (!database) return database.error();
  auto pinned = std::make_unique<PinnedFiles::Impl>(
      PinnedFiles::Impl{impl_->databases, impl_->log, epoch, *database, false, {}});
  const Status listed = pinned->list(**database, impl_->options.read_only);
  auto files = std::make_unique<PinnedFiles>(std::move(pinned));
  if (!listed) return listed.error();
  return files;
}

Status write_head(const std::filesystem::path& directory, const core::Uuid& log_id,
                  core::Position end) {
  const auto files = posix_files();
  auto head = HeadFile::open(*files, directory / "HEAD", log_id, {});
  if (!head) return head.error();
  if (auto settled = head->settle(end); !settled) return settled;
  return files->sync_directory(directory);
}

}  // namespace hansard::rocks
