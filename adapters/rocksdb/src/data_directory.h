#pragma once

#include <filesystem>
#include <memory>

#include "core/hash.h"
#include "core/ids.h"
#include "rocksdb_store/own_files.h"
#include "rocksdb_store/restore.h"

namespace hansard::rocks {

/// The directory around the RocksDB files, locked while this lives:
///
///  - `LOCK`: flock, exclusive for a writer, shared for read-only openings; the writer's pid
///  - `HEAD`: how far the log was synced (head_file.h)
///  - `ballast`: space given up when the disk is nearly full (space_guard.h)
///  - `keys/store.key`: 64 lower-case hex digits and a newline, the key of every keyed hash
///  - `keys/log.id`: a UUID as text and a newline
///  - `keys/epoch`: decimal and a newline, which life of the log this is; 1 when absent
///  - `RESTORING`: while a log is being restored, what it is to be: log id, size, root, a line each
///  - `REPAIRING`: while what is beside the events is written anew; one line, of no meaning
///  - `db/`: RocksDB
///
/// The keys are drawn once and synced, with their directory, before the first event.
class DataDirectory {
 public:
  struct How {
    bool create = true;
    bool read_only = false;
    /// Takes these keys instead of drawing some; only where there is no log yet, or one that was
    /// begun to be restored to the very same end.
    const RestoreTarget* restoring = nullptr;
    bool repairing = false;  ///< goes on where a repair was begun and not finished
  };
  /// Errors: not_found, invalid_argument (not a directory), unavailable (in use, no permission),
  ///   corruption (keys malformed, or missing although there is a log), out_of_space, rejected
  ///   (a restore or a repair was begun and not finished; to restore: there is a log already).
  static core::Result<DataDirectory> open(std::shared_ptr<OwnFiles> files,
                                          const std::filesystem::path& path, const How& how);

  [[nodiscard]] OwnFiles& files() const { return *files_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path database() const { return path_ / "db"; }
  [[nodiscard]] std::filesystem::path head_file() const { return path_ / "HEAD"; }
  /// There while a restore is not finished; whoever finishes it removes it.
  [[nodiscard]] std::filesystem::path restore_mark() const { return path_ / "RESTORING"; }
  /// There while a repair is not finished.
  [[nodiscard]] std::filesystem::path repair_mark() const { return path_ / "REPAIRING"; }
  /// It was there when this was opened.
  [[nodiscard]] bool repairing() const { return repairing_; }
  [[nodiscard]] std::filesystem::path ballast() const { return path_ / "ballast"; }
  /// True when RocksDB has been here before.
  [[nodiscard]] core::Result<bool> has_database() const;

  [[nodiscard]] const core::Hash& store_key() const { return store_key_; }
  [[nodiscard]] const core::Uuid& log_id() const { return log_id_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

 private:
  core::Status lock(bool read_only);
  core::Status load_keys();
  core::Status create_keys(const RestoreTarget* restoring);
  core::Status check_restoring(const RestoreTarget* restoring);
  core::Status check_repairing(bool goes_on);

  std::shared_ptr<OwnFiles> files_;
  std::filesystem::path path_;
  std::unique_ptr<OwnFile> lock_;
  core::Hash store_key_{};
  core::Uuid log_id_;
  std::uint64_t epoch_ = 1;
  bool repairing_ = false;
};

/// What `keys/` in `directory` holds. Errors: not_found, corruption (malformed), unavailable.
core::Result<LogIdentity> read_key_files(OwnFiles& files, const std::filesystem::path& directory);

/// `keys/epoch`; 1 when there is none. Errors: corruption (malformed), unavailable.
core::Result<std::uint64_t> read_epoch(OwnFiles& files, const std::filesystem::path& directory);

}  // namespace hansard::rocks
