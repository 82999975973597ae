#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace hansard::rocks {

/// An open file descriptor, closed with it.
class PosixFile {
 public:
  PosixFile() = default;
  explicit PosixFile(int fd) : fd_(fd) {}
  PosixFile(PosixFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PosixFile& operator=(PosixFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~PosixFile();

  /// `flags` and `mode` as for open(2); the descriptor is not inherited by child processes.
  static core::Result<PosixFile> open(const std::filesystem::path& path, int flags,
                                      unsigned mode = 0600);
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// Both move all bytes or fail. `what` names the file in errors.
core::Status write_at(const PosixFile& file, std::string_view bytes, std::uint64_t offset,
                      const std::filesystem::path& what);
/// At most `bytes_max` bytes from the start.
core::Result<std::string> read_start(const PosixFile& file, std::size_t bytes_max,
                                     const std::filesystem::path& what);
core::Status sync_file(const PosixFile& file, const std::filesystem::path& what);
/// Makes names created or removed in `directory` durable.
core::Status sync_directory(const std::filesystem::path& directory);

}  // namespace hansard::rocks
