#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "importers/byte_source.h"

namespace hansard::importers {

/// One file inside a zip archive, as the central directory lists it.
struct ZipEntry {
  std::string name;  ///< only compared and shown, never opened as a path
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t bytes = 0;      ///< when unpacked, as promised
  std::uint64_t header_at = 0;  ///< of its local header
  std::uint64_t room_ends = 0;  ///< where the next entry or the directory begins
};

/// Reading bounds. An archive that exceeds one is refused, whatever it promises.
struct ZipLimits {
  std::uint64_t entries_max = 1'000'000;
  std::uint64_t directory_bytes_max = 256U << 20;
  std::uint64_t entry_bytes_max = std::uint64_t{4} << 30;  ///< unpacked
  std::uint64_t document_bytes_max = 64U << 20;            ///< of one document of a log
};

/// The directory of a zip archive (APPNOTE 6.3: zip64; stored, deflated and Zstandard entries; no
/// encryption, no several disks). Nothing in it is believed that the file contradicts: entries must
/// lie one after another before the directory, local headers must agree with it.
/// Threads: caller synchronises.
class ZipArchive {
 public:
  /// Errors: not_found, unavailable (reading failed), invalid_argument (no archive, or a broken
  /// one), unsupported (encryption, several disks), too_large (a limit).
  static core::Result<ZipArchive> open(const std::string& path, ZipLimits limits = {});
  ~ZipArchive();
  ZipArchive(ZipArchive&&) noexcept;
  ZipArchive& operator=(ZipArchive&&) = delete;
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  [[nodiscard]] const std::vector<ZipEntry>& entries() const;

  /// Unpacks an entry piece by piece. `sink` gets views that are valid until it returns.
  /// Errors: as `open`; also when size or checksum are not as promised (what was unpacked until
  /// then has been told). Memory: two buffers of 128 KiB and the decoder's window (<= 128 MiB).
  core::Status unpack(const ZipEntry& entry,
                      const std::function<void(std::string_view)>& sink) const;

 private:
  friend class ZipSource;
  struct File;
  explicit ZipArchive(std::unique_ptr<File> file);
  std::unique_ptr<File> file_;
};

/// An Inspect AI log in its zip form (.eval) as one JSON document a line: `header.json`, then every
/// `samples/*.json` in the order of the directory. Line breaks inside documents become spaces (JSON
/// texts hold none), so that the line of a record is the number of its document. Other entries
/// repeat what these say and are passed over. Memory: one document.
/// Errors of opening: as `ZipArchive::open`; invalid_argument when there is no `header.json`.
core::Result<std::unique_ptr<ByteSource>> open_eval(const std::string& path, ZipLimits limits = {});

/// True when a file that begins like this is a zip archive.
bool is_zip(std::string_view first_bytes);

}  // namespace hansard::importers
