#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "backup/backup_manifest.h"
#include "backup/workplace.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

/// A signed checkpoint of a tree, as text; empty where nobody signs.
using SignTree = std::function<core::Result<std::string>(const core::TreeHead& tree)>;

/// What a backup is made of.
struct BackupSource {
  const rocks::RocksStore& store;
  std::filesystem::path data;  ///< its directory
  bool in_use = true;          ///< somebody records; false: opened read-only
  SignTree sign;               ///< may be empty
};

/// What is asked for.
struct BackupOrder {
  std::filesystem::path to;       ///< absolute, free, on a disk of the engine's machine
  bool with_signing_key = false;  ///< whoever has it can sign another past
  core::Timestamp made_at{};
};

/// How far it is. Thread-safe.
struct BackupProgress {
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> total{0};  ///< bytes; 0: not known yet
  std::atomic<bool> stop{false};        ///< set to end it
};

/// The place where it is made, `<to>.partial`, which also says that this may be.
/// Errors: invalid_argument (`to` is relative, or within the data directory), rejected (`to`
///   exists, an erasure is under way), not_found (the folder of `to`), unavailable (no permission,
///   another process makes one there), out_of_space.
core::Result<Workplace> begin_backup(const BackupSource& source, const BackupOrder& order);

/// Copies a log while it records: the index of texts first, which therefore lags the log and never
/// leads it; then the files of RocksDB as of one moment; then what is small. It ends where the copy
/// of the write-ahead log happened to end, and is not finished before the origin has synced that
/// far. Every byte is copied, none is linked: a disk error of the origin stays out of the backup.
/// Named when it is whole and synced. Blocks for as long as copying takes; appends go on.
/// Errors: rejected (somebody made `to` meanwhile), not_found (the signing key), out_of_space
///   (names what is needed), unavailable, timed_out, cancelled, corruption (a file that cannot be
///   read).
core::Result<BackupManifest> make_backup(const BackupSource& source, const BackupOrder& order,
                                         Workplace place, BackupProgress& progress);

}  // namespace hansard::cli
