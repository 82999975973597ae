#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::rocks {

/// An open file of a data directory, closed (and unlocked) with this object. Caller synchronises.
class OwnFile {
 public:
  virtual ~OwnFile() = default;
  /// At most `bytes_max` bytes from the start. Errors: unavailable.
  [[nodiscard]] virtual core::Result<std::string> read_start(std::size_t bytes_max) const = 0;
  /// Writes all bytes or fails. Durable only after `sync`. Errors: unavailable, out_of_space.
  virtual core::Status write_at(std::string_view bytes, std::uint64_t offset) = 0;
  /// Makes the file `bytes` long and sets that much of the disk aside. Errors: as `write_at`.
  virtual core::Status reserve(std::uint64_t bytes) = 0;
  virtual core::Status sync() = 0;
  /// Takes the lock of the whole file without waiting. @return false when another holder is in the
  /// way.
  virtual core::Result<bool> lock(bool exclusive) = 0;
};

/// The files of a data directory that are ours and not RocksDB's (`LOCK`, `HEAD`, `ballast`,
/// `keys/`), as a port: RocksDB brings one of its own for the rest (`rocksdb::FileSystem`), and
/// what holds both is one disk. Errors: unavailable, out_of_space, unless said otherwise.
/// Threads: safe to call concurrently.
class OwnFiles {
 public:
  enum class Kind : std::uint8_t { absent, file, directory, other };
  enum class Mode : std::uint8_t {
    read,    ///< must exist
    write,   ///< created when absent (0600), kept as it is otherwise
    replace  ///< created when absent (0600), emptied otherwise
  };
  virtual ~OwnFiles() = default;

  virtual core::Result<std::unique_ptr<OwnFile>> open(const std::filesystem::path& path,
                                                      Mode mode) = 0;
  [[nodiscard]] virtual core::Result<Kind> kind(const std::filesystem::path& path) const = 0;
  /// Errors: not_found.
  [[nodiscard]] virtual core::Result<std::uint64_t> size(
      const std::filesystem::path& path) const = 0;
  /// Creates it (0700), and what leads to it, unless it is there.
  virtual core::Status make_directory(const std::filesystem::path& path) = 0;
  /// Replaces `to`, atomically.
  virtual core::Status rename(const std::filesystem::path& from,
                              const std::filesystem::path& to) = 0;
  /// A file that is not there counts as removed.
  virtual core::Status remove(const std::filesystem::path& path) = 0;
  /// Makes names created, renamed or removed in `directory` durable.
  virtual core::Status sync_directory(const std::filesystem::path& directory) = 0;
  /// How much may still be written; nothing when it cannot be told.
  [[nodiscard]] virtual std::optional<std::uint64_t> free_bytes(
      const std::filesystem::path& directory) const = 0;
};

/// Makes `path` a file (0600) of `text`, all or nothing, also across a power loss: written beside
/// (`.new`), synced, renamed, its directory synced.
core::Status replace_file(OwnFiles& files, const std::filesystem::path& path,
                          std::string_view text);

/// A small file whole; nothing when there is none. Errors: corruption (longer than `bytes_max`, or
/// no file).
core::Result<std::optional<std::string>> read_file(OwnFiles& files,
                                                   const std::filesystem::path& path,
                                                   std::size_t bytes_max);

/// The operating system's. The object has no state.
std::shared_ptr<OwnFiles> posix_files();

}  // namespace hansard::rocks
