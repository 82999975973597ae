#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/result.h"

namespace hansard::cli {

/// An open file or directory, closed with this object. Movable.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// What `errno` says about `doing`: out_of_space, not_found, otherwise unavailable.
core::Error system_error(const std::string& doing);

/// Told how many bytes more have been read; false ends the copying. May be empty.
using Copied = std::function<bool(std::uint64_t bytes)>;

/// SHA-256 of the first `bytes` of `from`, which are also written to the new file `to` (0600) when
/// one is named, and synced. Written back in small portions, so that the syncs of a log on the same
/// disk never wait for much.
/// Errors: corruption (`from` ends earlier), cancelled, unavailable (`to` exists, ...),
///   out_of_space.
core::Result<core::Hash> copy_bytes(const Descriptor& from, const std::string& name,
                                    std::uint64_t bytes, const std::filesystem::path* to,
                                    const Copied& copied);

/// A new file (0600) with this text, synced. Errors: unavailable (it exists, ...), out_of_space.
core::Status write_file(const std::filesystem::path& path, std::string_view text);
/// All of a file of at most `bytes_max`. Errors: not_found, unavailable, too_large.
core::Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);
/// Makes names in `directory` durable. Errors: unavailable.
core::Status sync_directory(const std::filesystem::path& directory);

/// Bytes that can still be written where `path` is. Errors: unavailable.
core::Result<std::uint64_t> free_space(const std::filesystem::path& path);
/// Refuses with out_of_space, and the numbers, what does not fit beside a little rest.
core::Status check_space(const std::filesystem::path& path, std::uint64_t bytes);

/// From now on this thread goes last in line for processor and disk.
void work_in_background();

}  // namespace hansard::cli
