#pragma once

#include <filesystem>
#include <memory>

#include "core/hash.h"
#include "core/ids.h"
#include "rocksdb_store/own_files.h"

namespace hansard::rocks {

/// The directory around the RocksDB files, locked while this lives:
///
///   LOCK             flock: exclusive for a writer, shared for read-only openings; holds the
///   writer's pid HEAD             how far the log was synced (head_file.h) ballast          space
///   given up when the disk is nearly full (space_guard.h) keys/store.key   64 lower-case hex
///   digits and a newline: the key of every keyed hash keys/log.id      a UUID as text and a
///   newline db/              RocksDB
///
/// The keys are drawn once and synced, with their directory, before the first event.
class DataDirectory {
 public:
  struct How {
    bool create = true;
    bool read_only = false;
  };
  /// Errors: not_found, invalid_argument (not a directory), unavailable (in use, no permission),
  ///   corruption (keys malformed, or missing although there is a log), out_of_space.
  static core::Result<DataDirectory> open(std::shared_ptr<OwnFiles> files,
                                          const std::filesystem::path& path, const How& how);

  [[nodiscard]] OwnFiles& files() const { return *files_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path database() const { return path_ / "db"; }
  [[nodiscard]] std::filesystem::path head_file() const { return path_ / "HEAD"; }
  [[nodiscard]] std::filesystem::path ballast() const { return path_ / "ballast"; }
  /// True when RocksDB has been here before.
  [[nodiscard]] core::Result<bool> has_database() const;

  [[nodiscard]] const core::Hash& store_key() const { return store_key_; }
  [[nodiscard]] const core::Uuid& log_id() const { return log_id_; }

 private:
  core::Status lock(bool read_only);
  core::Status load_keys();
  core::Status create_keys();

  std::shared_ptr<OwnFiles> files_;
  std::filesystem::path path_;
  std::unique_ptr<OwnFile> lock_;
  core::Hash store_key_{};
  core::Uuid log_id_;
};

}  // namespace hansard::rocks
