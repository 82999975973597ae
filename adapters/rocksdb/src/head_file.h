#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/ids.h"
#include "core/position.h"
#include "rocksdb_store/own_files.h"

namespace hansard::rocks {

/// How far the log had been synced, kept outside RocksDB: written after each synced group, so a log
/// that recovers less than this has lost events that were acknowledged. Never ahead of the log
/// unless that happened; after a power loss it may be behind. Two slots written in turn, so a torn
/// write spoils at most the one that was being replaced. Numbers little-endian.
///
///   slot (64 bytes, at 0 and 64)   offset  size
///     magic "HSDHEAD1"                  0     8
///     log id                            8    16
///     counter of writes, from 1        24     8
///     synced end                       32     8
///     zero                             40    16
///     XXH3-64 of the bytes before      56     8
///
/// Caller synchronises.
class HeadFile {
 public:
  struct How {
    bool read_only = false;
    bool replace = false;  ///< start over whatever is there (`accept_loss`)
  };
  /// Errors: corruption (no slot holds, or it belongs to another log), unavailable.
  static core::Result<HeadFile> open(OwnFiles& files, const std::filesystem::path& path,
                                     const core::Uuid& log_id, const How& how);

  /// As read or written last; nothing when the file did not exist.
  [[nodiscard]] std::optional<core::Position> end() const { return end_; }
  /// Brings the file into the state from which `write` may go on: both slots say `end` and are
  /// durable. A slot that a power loss tore is mended before the other one is touched, and a new
  /// file appears whole or not at all. Costs nothing but a sync when that is so already.
  core::Status settle(core::Position end);
  /// Not synced: the operating system may take its time, see above. Cost: one pwrite of 64 bytes.
  core::Status write(core::Position end);
  core::Status sync();

 private:
  [[nodiscard]] std::string slot(std::uint64_t counter, core::Position end) const;

  OwnFiles* files_ = nullptr;
  std::filesystem::path path_;
  core::Uuid log_id_;
  std::unique_ptr<OwnFile> file_;  ///< none until `settle` makes it
  std::optional<core::Position> end_;
  bool torn_ = false;  ///< a slot does not hold
  std::uint64_t counter_ = 0;
};

}  // namespace hansard::rocks
