#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backup/backup_manifest.h"
#include "backup/file_copy.h"

namespace hansard::cli {

/// A backup somebody brings. Nothing in it is believed: names come from a list of what may be,
/// nothing is followed (no links, devices or pipes), and no more is read of a file than the
/// manifest says it has. Only read. Threads: caller synchronises.
class Backup {
 public:
  /// Errors: not_found (no directory, no manifest), unavailable, and those of `read_manifest`.
  static core::Result<Backup> open(const std::filesystem::path& directory);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const BackupManifest& manifest() const { return manifest_; }
  /// A file of the manifest, regular and of the size told there.
  /// Errors: corruption (missing, of another size), rejected (a link, a pipe, ...), unavailable.
  [[nodiscard]] core::Result<Descriptor> file(const BackupFile& file) const;
  /// Everything that is there and not in the manifest, by name.
  [[nodiscard]] core::Result<std::vector<std::string>> extra() const;

 private:
  Backup() = default;

  std::filesystem::path path_;
  Descriptor directory_;
  BackupManifest manifest_;
};

/// One thing that is wrong with a backup.
struct BackupFault {
  std::string file;  ///< empty: the backup as a whole
  std::string what;
  std::optional<std::uint64_t> position;  ///< of the event concerned
};

struct BackupReport {
  static constexpr std::size_t kFaultsListed = 100;

  std::uint64_t files = 0;  ///< read
  std::uint64_t bytes = 0;
  bool events_read = false;
  std::uint64_t events = 0;  ///< read and sound
  std::vector<BackupFault> faults;
  std::uint64_t fault_count = 0;

  void fault(BackupFault fault);
  [[nodiscard]] bool sound() const { return fault_count == 0; }
};

/// Says of a note whether it is a good signature over this tree: nothing, or what is wrong.
using CheckNote = std::function<std::string(const BackupManifest& manifest)>;

struct BackupChecks {
  bool events = true;  ///< also read every event, and derive the root anew
  CheckNote note;      ///< may be empty
  /// Bytes, then events; false ends it. May be empty.
  std::function<bool(std::uint64_t done, std::uint64_t total)> progress;
};

/// Reads all of a backup where it lies, writing nothing: every file's size and hash, nothing
/// missing or extra, keys and log that belong together, and (`events`) that the events give the
/// root that the manifest tells. Blocks. Errors: unavailable, cancelled; damage is in the report.
core::Result<BackupReport> check_backup(const Backup& backup, const BackupChecks& checks);

}  // namespace hansard::cli
