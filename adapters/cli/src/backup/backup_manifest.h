#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/ids.h"
#include "core/merkle.h"
#include "core/result.h"
#include "core/time.h"

namespace hansard::cli {

/// The format that this program writes, and the only one it knows.
inline constexpr std::string_view kBackupFormat = "hansard-backup/1";
/// Name of the manifest in a backup.
inline constexpr const char* kManifestName = "manifest.json";
/// Where the copy of the index of texts is.
inline constexpr const char* kTextsName = "search/texts.sqlite";
inline constexpr const char* kStoreKeyName = "keys/store.key";
inline constexpr const char* kSigningKeyName = "keys/signing.pem";
inline constexpr const char* kEpochName = "keys/epoch";

/// One file of a backup.
struct BackupFile {
  std::string name;  ///< with `/`, from the backup's directory
  std::uint64_t bytes = 0;
  core::Hash sha256{};
};

/// What a backup says it is: `manifest.json`, written last. No path of any machine is in it.
struct BackupManifest {
  core::Timestamp made_at{};
  std::string program;  ///< name and version of who made it
  core::Uuid log_id;
  std::uint64_t epoch = 1;
  core::TreeHead tree;    ///< over all its events
  std::string key_check;  ///< proves to who has the store key that it is the one (`export_keys.h`)
  std::string note;       ///< signed checkpoint of exactly `tree`; empty: nobody signed it
  std::vector<BackupFile> files;  ///< by name; the manifest is not among them

  [[nodiscard]] const BackupFile* find(std::string_view name) const;
  [[nodiscard]] std::uint64_t bytes() const;
};

/// Bounds of a manifest that is read.
inline constexpr std::size_t kManifestBytesMax = 64U << 20;
inline constexpr std::size_t kBackupFilesMax = 200'000;

/// True of the names that a backup may hold: RocksDB's in `db/`, keys, `HEAD`, the index of texts.
/// Everything else, such as `..`, absolute paths or another case, is refused.
bool is_backup_name(std::string_view name);

/// Deterministic: sorted by name, one line.
std::string write_manifest(const BackupManifest& manifest);

/// Errors: unsupported (another format, naming both), corruption (malformed, a name that may not
/// be, a file twice, a file that must be there missing; `field` names the place).
core::Result<BackupManifest> read_manifest(std::string_view text);

}  // namespace hansard::cli
