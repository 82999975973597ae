#pragma once

#include <rocksdb/write_batch.h>

#include <deque>
#include <functional>
#include <mutex>

#include "core/read_model_store.h"
#include "database.h"

namespace hansard::rocks {

/// Read models in the `views` family. Commits bypass the write-ahead log, since any of them can be
/// folded again; rows and checkpoint share a batch and a family, so a crash keeps or loses both.
/// What is not flushed yet is also kept here, to be written again after a reopening: within one
/// process a view never goes back.
/// Threads: safe to call concurrently.
class ViewStore final : public core::ReadModelStore {
 public:
  /// Unflushed commits kept; at this size a flush is due, at twice the size a commit flushes first.
  static constexpr std::size_t kUnflushedBytes = 16U << 20;

  ViewStore(const DatabaseSlot& databases, bool read_only)
      : databases_(databases), read_only_(read_only) {}

  [[nodiscard]] core::Result<std::unique_ptr<core::ReadModel>> open(
      const core::ViewId& view) const override;
  core::Status commit(const core::ViewId& view, std::vector<core::RowWrite> rows,
                      core::Position checkpoint) override;
  [[nodiscard]] core::Result<std::optional<core::ViewId>> active(
      std::string_view name) const override;
  core::Status activate(const core::ViewId& view) override;
  [[nodiscard]] core::Result<std::vector<core::ViewId>> builds() const override;
  core::Status drop(const core::ViewId& view) override;

  /// Makes every commit so far durable.
  core::Status flush();
  [[nodiscard]] std::size_t unflushed_bytes() const;
  /// Called, from then on, when a flush is due; must not block.
  void on_flush_due(std::function<void()> due) { flush_due_ = std::move(due); }
  /// Called, from then on, when the database did not take a write or a flush, with the epoch of the
  /// opening it happened in. RocksDB then refuses every write until it is opened anew. Must not
  /// block.
  void on_failure(std::function<void(std::uint64_t epoch, const core::Error& error)> failed) {
    failed_ = std::move(failed);
  }

  /// Writes the unflushed commits to a database opened anew, before anybody else sees it.
  core::Status write_unflushed(const Database& database) const;
  /// Deletes builds that are ahead of a log that ends at `end`, and says how many.
  static core::Result<std::size_t> drop_ahead(const Database& database, core::Position end);

 private:
  core::Status write(rocksdb::WriteBatch batch);
  /// Translates, and tells who can help.
  core::Error failure(std::uint64_t epoch, const rocksdb::Status& status,
                      std::string_view doing) const;

  const DatabaseSlot& databases_;
  const bool read_only_;
  std::function<void()> flush_due_;
  std::function<void(std::uint64_t, const core::Error&)> failed_;
  std::mutex flushing_;  ///< one flush at a time
  mutable std::mutex mutex_;
  std::deque<rocksdb::WriteBatch> unflushed_;  ///< guarded by mutex_, as is the next
  std::size_t unflushed_bytes_ = 0;
};

}  // namespace hansard::rocks
