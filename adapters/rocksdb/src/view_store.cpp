#include "view_store.h"

#include <rocksdb/convenience.h>

#include "status.h"
#include "view_snapshot.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Position;
using core::Status;
using core::ViewId;

constexpr std::size_t kDeleteBatchBytes = 1U << 20;

std::string active_key(std::string_view name) {
  return std::string(kMetaActiveView) + std::string(name);
}

std::string checkpoint_key(const ViewId& view) { return view_prefix(view) + kViewCheckpoint; }

/// Deletes a build key by key, `write` taking the batches. The checkpoint is the first key: a build
/// whose deletion was interrupted has none, and is never taken for one to go on with. (No range
/// deletion: RocksDB 7.8 aborts the process when a memtable that holds one is switched again after
/// the first attempt could not create its log.)
template <class Write>
Status delete_build(const Database& database, const ViewId& view, rocksdb::WriteBatch batch,
                    const Write& write) {
  const std::string first = view_prefix(view);
  const auto last = after_prefix(first);
  HANSARD_ASSERT(last, "a build's prefix starts with the length of its name, at most 32");
  const rocksdb::Slice upper(*last);
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;
  rocksdb::ColumnFamilyHandle* const views = database[Family::views];
  const std::unique_ptr<rocksdb::Iterator> keys(database.db().NewIterator(options, views));
  for (keys->Seek(first); keys->Valid(); keys->Next()) {
    const auto added = batch.Delete(views, keys->key());
    HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
    if (batch.GetDataSize() < kDeleteBatchBytes) continue;
    if (auto written = write(std::move(batch)); !written) return written;
    batch = rocksdb::WriteBatch();
  }
  if (!keys->status().ok()) return translate(keys->status(), "dropping a view");
  return batch.Count() == 0 ? Status(Ok{}) : write(std::move(batch));
}

core::Result<std::optional<ViewId>> active_in(const Database& database, std::string_view name) {
  const std::string doing = "reading which build of '" + std::string(name) + "' answers";
  const auto value = database.get(Family::meta, active_key(name), doing);
  if (!value) return value.error();
  if (!*value) return std::optional<ViewId>{};
  if ((*value)->size() != 8) return Error{Errc::corruption, doing + ": the entry is malformed"};
  return std::optional<ViewId>{ViewId{std::string(name), get_be32(**value), get_be32(**value, 4)}};
}

/// The first key of a build, and the first behind it.
struct Bounds {
  explicit Bounds(const ViewId& view)
      : first(view_prefix(view)), end(after_prefix(first).value_or(std::string())) {}
  const std::string first;
  const std::string end;
};

/// Removes the files that hold nothing but rows of `view`: at once, and without a trace.
rocksdb::Status delete_files(const Database& database, const ViewId& view) {
  const Bounds bounds(view);
  const rocksdb::Slice first(bounds.first);
  const rocksdb::Slice end(bounds.end);
  return rocksdb::DeleteFilesInRange(&database.db(), database[Family::views], &first, &end, false);
}

/// Whoever lists the builds would step over each deleted row until compaction comes by: with ten
/// million events of views that were built anew, 5 s of every start.
rocksdb::Status forget_deleted(const Database& database, const ViewId& view) {
  const Bounds bounds(view);
  const rocksdb::Slice first(bounds.first);
  const rocksdb::Slice end(bounds.end);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  return database.db().CompactRange(options, database[Family::views], &first, &end);
}

core::Result<std::vector<ViewId>> builds_in(const Database& database) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> rows(
      database.db().NewIterator(options, database[Family::views]));
  std::vector<ViewId> builds;
  rows->SeekToFirst();
  while (rows->Valid()) {
    const auto view = parse_view_prefix(rows->key().ToStringView());
    if (!view) return Error{Errc::corruption, "a key of the views is malformed"};
    builds.push_back(*view);
    const auto next = after_prefix(view_prefix(*view));
    if (!next) break;
    rows->Seek(*next);
  }
  if (!rows->status().ok()) return translate(rows->status(), "listing the views");
  return builds;
}

Status write_meta(const Database& database, rocksdb::WriteBatch& batch, std::string_view doing) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = database.db().Write(options, &batch);
  if (!status.ok()) return translate(status, doing);
  return Ok{};
}

Error read_only_error() { return Error{Errc::unsupported, "the store was opened read-only"}; }

}  // namespace

core::Result<std::unique_ptr<core::ReadModel>> ViewStore::open(const ViewId& view) const {
  if (auto named = check_view_name(view.name); !named) return named.error();
  const auto database = databases_.get();
  if (!database) return database.error();
  return ViewSnapshot::open(*database, view);
}

Status ViewStore::commit(const ViewId& view, std::vector<core::RowWrite> rows,
                         Position checkpoint) {
  if (auto named = check_view_name(view.name); !named) return named;
  if (read_only_) return read_only_error();
  const auto database = databases_.get();
  if (!database) return database.error();
  rocksdb::WriteBatch batch;
  rocksdb::ColumnFamilyHandle* const views = (**database)[Family::views];
  std::string key = view_prefix(view) + kViewRow;
  const std::size_t prefix = key.size();
  for (const auto& [row_key, row] : rows) {
    key.resize(prefix);
    key += row_key;
    const auto added = row ? batch.Put(views, key, *row) : batch.Delete(views, key);
    HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
  }
  std::string end;
  put_be64(end, checkpoint.value);
  const auto added = batch.Put(views, checkpoint_key(view), end);
  HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
  return write(std::move(batch));
}

Status ViewStore::write(rocksdb::WriteBatch batch) {
  if (unflushed_bytes() >= 2 * kUnflushedBytes) {
    if (auto flushed = flush(); !flushed) return flushed;
  }
  bool due = false;
  {
    // Held during the write, so that commits are kept in the order in which they were made.
    const std::lock_guard lock(mutex_);
    const std::uint64_t epoch = databases_.epoch();
    const auto database = databases_.get();
    if (!database) return database.error();
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const auto status = (*database)->db().Write(options, &batch);
    if (!status.ok()) return failure(epoch, status, "committing a view");
    unflushed_bytes_ += batch.GetDataSize();
    unflushed_.push_back(std::move(batch));
    due = unflushed_bytes_ >= kUnflushedBytes;
  }
  if (due && flush_due_) flush_due_();
  return Ok{};
}

core::Error ViewStore::failure(std::uint64_t epoch, const rocksdb::Status& status,
                               std::string_view doing) const {
  auto error = translate(status, doing);
  if (failed_) failed_(epoch, error);
  return error;
}

core::Result<std::optional<ViewId>> ViewStore::active(std::string_view name) const {
  if (auto named = check_view_name(name); !named) return named.error();
  const auto database = databases_.get();
  if (!database) return database.error();
  return active_in(**database, name);
}

Status ViewStore::activate(const ViewId& view) {
  if (auto named = check_view_name(view.name); !named) return named;
  if (read_only_) return read_only_error();
  if (auto flushed = flush(); !flushed) return flushed;
  const auto database = databases_.get();
  if (!database) return database.error();
  std::string value;
  put_be32(value, view.version);
  put_be32(value, view.generation);
  rocksdb::WriteBatch batch;
  const auto added = batch.Put((**database)[Family::meta], active_key(view.name), value);
  HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
  return write_meta(**database, batch, "activating a view");
}

core::Result<std::vector<ViewId>> ViewStore::builds() const {
  const auto database = databases_.get();
  if (!database) return database.error();
  return builds_in(**database);
}

Status ViewStore::drop(const ViewId& view) {
  const auto serving = active(view.name);
  if (!serving) return serving.error();
  if (*serving == view) {
    return Error{Errc::rejected, "the build of '" + view.name + "' that answers cannot be dropped"};
  }
  if (read_only_) return read_only_error();
  const auto database = databases_.get();
  if (!database) return database.error();
  const std::uint64_t epoch = databases_.epoch();
  // First its checkpoint, on disk: files go at once, and nobody may go on with what is left.
  rocksdb::WriteBatch checkpoint;
  const auto added = checkpoint.Delete((**database)[Family::views], checkpoint_key(view));
  HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
  if (auto written = write(std::move(checkpoint)); !written) return written;
  if (auto flushed = flush(); !flushed) return flushed;
  const auto files = delete_files(**database, view);
  if (!files.ok()) return failure(epoch, files, "dropping the files of a view");
  const auto deleted =
      delete_build(**database, view, rocksdb::WriteBatch(),
                   [this](rocksdb::WriteBatch batch) { return write(std::move(batch)); });
  if (!deleted) return deleted;
  const auto compacted = forget_deleted(**database, view);
  if (!compacted.ok()) return failure(epoch, compacted, "compacting what a view left");
  return Ok{};
}

Status ViewStore::flush() {
  const std::lock_guard one(flushing_);
  const std::uint64_t epoch = databases_.epoch();
  const auto database = databases_.get();
  if (!database) return database.error();
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    count = unflushed_.size();
  }
  if (count == 0) return Ok{};
  const auto status = (*database)->db().Flush(rocksdb::FlushOptions(), (**database)[Family::views]);
  if (!status.ok()) return failure(epoch, status, "flushing views");
  const std::lock_guard lock(mutex_);
  for (; count > 0; --count) {
    unflushed_bytes_ -= unflushed_.front().GetDataSize();
    unflushed_.pop_front();
  }
  return Ok{};
}

std::size_t ViewStore::unflushed_bytes() const {
  const std::lock_guard lock(mutex_);
  return unflushed_bytes_;
}

Status ViewStore::write_unflushed(const Database& database) const {
  const std::lock_guard lock(mutex_);
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  for (const rocksdb::WriteBatch& kept : unflushed_) {
    rocksdb::WriteBatch batch(kept);
    const auto status = database.db().Write(options, &batch);
    if (!status.ok()) return translate(status, "writing views again");
  }
  return Ok{};
}

core::Result<std::size_t> ViewStore::drop_ahead(const Database& database, Position end) {
  const auto builds = builds_in(database);
  if (!builds) return builds.error();
  std::size_t dropped = 0;
  for (const ViewId& view : *builds) {
    const auto checkpoint =
        database.get(Family::views, checkpoint_key(view), "reading the checkpoint of a view");
    if (!checkpoint) return checkpoint.error();
    if (*checkpoint && (*checkpoint)->size() == 8 && get_be64(**checkpoint) <= end.value) continue;
    ++dropped;
    rocksdb::WriteBatch batch;
    const auto serving = active_in(database, view.name);
    if (!serving) return serving.error();
    if (*serving == view) {
      const auto added = batch.Delete(database[Family::meta], active_key(view.name));
      HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
    }
    const auto deleted =
        delete_build(database, view, std::move(batch), [&](rocksdb::WriteBatch part) {
          return write_meta(database, part, "dropping a view that is ahead of the log");
        });
    if (!deleted) return deleted.error();
  }
  return dropped;
}

}  // namespace hansard::rocks
