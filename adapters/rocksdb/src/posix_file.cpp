#include "posix_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "status.h"

namespace hansard::rocks {

PosixFile::~PosixFile() {
  if (fd_ >= 0) ::close(fd_);
}

core::Result<PosixFile> PosixFile::open(const std::filesystem::path& path, int flags,
                                        unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return translate_errno(errno, "opening " + path.string());
  return PosixFile(fd);
}

core::Status write_at(const PosixFile& file, std::string_view bytes, std::uint64_t offset,
                      const std::filesystem::path& what) {
  while (!bytes.empty()) {
    const auto written =
        ::pwrite(file.fd(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return translate_errno(errno, "writing " + what.string());
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return core::Ok{};
}

core::Result<std::string> read_start(const PosixFile& file, std::size_t bytes_max,
                                     const std::filesystem::path& what) {
  std::string bytes(bytes_max, '\0');
  std::size_t filled = 0;
  while (filled < bytes_max) {
    const auto got =
        ::pread(file.fd(), bytes.data() + filled, bytes_max - filled, static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return translate_errno(errno, "reading " + what.string());
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

core::Status sync_file(const PosixFile& file, const std::filesystem::path& what) {
  if (::fsync(file.fd()) != 0) return translate_errno(errno, "syncing " + what.string());
  return core::Ok{};
}

core::Status sync_directory(const std::filesystem::path& directory) {
  auto file = PosixFile::open(directory, O_RDONLY | O_DIRECTORY);
  if (!file) return file.error();
  return sync_file(*file, directory);
}

}  // namespace hansard::rocks
