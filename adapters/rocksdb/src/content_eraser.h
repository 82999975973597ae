#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "database.h"
#include "erasure_mask.h"
#include "rocksdb_store/erasure.h"

namespace hansard::rocks {

class ViewStore;

/// The port over RocksDB's files. Thread-safe as the port says.
class RocksEraser final : public ContentEraser {
 public:
  struct Parts {
    const OpenOptions& options;
    const Engine& engine;
    const DatabaseSlot& databases;
    ViewStore& views;
    ErasureMask& mask;
    std::filesystem::path directory;  ///< of the data; stripped events are gathered in it
    /// Told when the database did not take a write, with the epoch of its opening.
    std::function<void(std::uint64_t epoch, const core::Error& error)> failed;
  };
  explicit RocksEraser(Parts parts) : parts_(std::move(parts)) {}

  void mask(const core::PositionSet& positions) override { parts_.mask.add(positions); }
  void unmask(const core::PositionSet& positions) override { parts_.mask.remove(positions); }
  core::Result<EraseReport> erase(const core::PositionSet& positions,
                                  const EraseOptions& options) override;
  void stop() override;

 private:
  /// Keys of one family from `first` to below `end` (empty: to the last one).
  struct Stretch {
    Family family = Family::events;
    std::string first;
    std::string end;
  };
  using Stretches = std::vector<Stretch>;
  using FileNames = std::vector<std::string>;

  core::Status check_running() const;
  /// Everything in memory goes to tables, and what was logged is gone.
  core::Status flush(Database& database);
  /// Cuts `positions` so that each piece lies within one of the lowest tables.
  std::vector<core::PositionSet> pieces(const Database& database,
                                        const core::PositionSet& positions) const;
  core::Status strip(Database& database, const std::vector<core::PositionSet>& pieces,
                     EraseReport& report);
  core::Status compact(Database& database, const Stretches& stretches);
  /// True when each position has one version, which is erased.
  core::Result<bool> is_stripped(const Database& database,
                                 const core::PositionSet& positions) const;
  /// Tables in use with keys of these stretches; all of them when there are none.
  FileNames files_of(const Database& database, const Stretches& stretches) const;
  /// Waits until every table that is there now is either in use by the database or deleted: also
  /// those that an attempt before this one has replaced.
  core::Status wait_for_deletions(Database& database, std::chrono::milliseconds patience);
  core::Result<FileNames> tables_on_disk() const;
  core::Error failure(std::uint64_t epoch, const rocksdb::Status& status, std::string_view doing);

  const Parts parts_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  ///< guarded by mutex_
};

}  // namespace hansard::rocks
