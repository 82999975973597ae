#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace hansard::importers {

/// Bytes of a file, piece by piece, decompressed. Threads: caller synchronises.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// The next piece, valid until the next call; empty at the end.
  /// Errors: unavailable (reading failed), invalid_argument (the compressed form is broken or cut).
  virtual core::Result<std::string_view> next() = 0;
  /// Bytes of the file taken so far, as stored (for progress).
  [[nodiscard]] virtual std::uint64_t consumed() const = 0;
  /// Size as stored, 0 when it cannot be known (a pipe).
  [[nodiscard]] virtual std::uint64_t size() const = 0;
};

/// Opens a file, or standard input as `-`. Zstandard, gzip (several members, too) and zip (an
/// Inspect log, see zip_source.h; files only) are recognised by their first bytes, not by the name.
/// Memory: two buffers of 128 KiB, and the window of the compressed form, at most 128 MiB; of a zip
/// archive one document.
/// Errors: not_found, invalid_argument (a directory), unavailable, and those of `open_eval`.
core::Result<std::unique_ptr<ByteSource>> open_source(const std::string& path);

}  // namespace hansard::importers
