#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/position.h"
#include "core/result.h"

namespace hansard::rocks {

/// One file of `db/` as it stood at one moment.
struct PinnedFile {
  std::string name;            ///< within `db/`, such as `000012.sst`
  std::filesystem::path path;  ///< where its bytes are
  /// From the start of the file. It may be longer: write-ahead log and manifest go on growing.
  std::uint64_t bytes = 0;
  std::string text;  ///< not empty: its bytes, whatever is on disk (of CURRENT)
};

/// The files that together are the log at one moment, kept from being deleted while this lives.
/// The store goes on recording, and even closes: then they are the store's again, and
/// `await_synced` says so. Nothing is flushed for it: what memtables hold is in the write-ahead
/// log, and views, which bypass that, are as of their last flush.
/// Outlived by the store. Threads: caller synchronises.
class PinnedFiles {
 public:
  struct Impl;
  explicit PinnedFiles(std::unique_ptr<Impl> impl);
  ~PinnedFiles();
  PinnedFiles(const PinnedFiles&) = delete;
  PinnedFiles& operator=(const PinnedFiles&) = delete;

  [[nodiscard]] const std::vector<PinnedFile>& files() const;

  /// A write-ahead log is copied as it is, synced or not, so a copy may hold events that no one was
  /// told of yet. This waits until everything below `end`, where the copy turned out to end, is
  /// synced here, so that a copy never says what its origin may still lose.
  /// Errors: unavailable (the store was closed or reopened since, and the copy may hold what it has
  ///   dropped), timed_out.
  core::Status await_synced(core::Position end,
                            std::chrono::steady_clock::time_point deadline) const;

 private:
  std::unique_ptr<Impl> impl_;
};

/// Notes in `HEAD` of the directory of a copy that it ends at `end`, durably: from then on opening
/// it tells a copy that has lost its last events.
/// Errors: corruption (a HEAD of another log), unavailable, out_of_space.
core::Status write_head(const std::filesystem::path& directory, const core::Uuid& log_id,
                        core::Position end);

}  // namespace hansard::rocks
