#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "core/assert.h"

namespace hansard::fuzz {

/// A file without a disk, with a path that can be opened again and again. Never closed.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    HANSARD_ASSERT(fd_ >= 0, "a file in memory");
  }
  void write(std::string_view bytes) const {
    HANSARD_ASSERT(::ftruncate(fd_, 0) == 0, "it is emptied");
    const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), 0);
    HANSARD_ASSERT(put == static_cast<ssize_t>(bytes.size()), "and filled");
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace hansard::fuzz
