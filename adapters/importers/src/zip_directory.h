#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "importers/zip_source.h"

/// The central directory of a zip archive. Private to zip_source.cpp.
namespace hansard::importers::zip {

/// A file that can be read anywhere.
class Bytes {
 public:
  virtual ~Bytes() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Exactly `count` bytes, or an error.
  virtual core::Status read(std::uint64_t at, std::size_t count, char* out) const = 0;
  /// invalid_argument naming the file.
  [[nodiscard]] virtual core::Error broken(const std::string& why) const = 0;
};

/// The entries in the order of the directory, each with the room it has.
core::Result<std::vector<ZipEntry>> read_directory(const Bytes& file, const ZipLimits& limits);

/// Where the stored bytes of an entry begin, after a local header that agrees with the directory.
core::Result<std::uint64_t> data_begins(const Bytes& file, const ZipEntry& entry);

}  // namespace hansard::importers::zip
