#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "rocksdb_store/own_files.h"
#include "status.h"

namespace hansard::rocks {
namespace {

namespace fs = std::filesystem;
using core::Ok;
using core::Result;
using core::Status;

class PosixFile final : public OwnFile {
 public:
  PosixFile(int fd, fs::path path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  [[nodiscard]] Result<std::string> read_start(std::size_t bytes_max) const override {
    std::string bytes(bytes_max, '\0');
    std::size_t filled = 0;
    while (filled < bytes_max) {
      const auto got =
          ::pread(fd_, bytes.data() + filled, bytes_max - filled, static_cast<off_t>(filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failed("reading");
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }
  Status write_at(std::string_view bytes, std::uint64_t offset) override {
    while (!bytes.empty()) {
      const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failed("writing");
      offset += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return Ok{};
  }
  Status reserve(std::uint64_t bytes) override {
    // The one call here that returns its error instead of setting errno.
    const int error = ::posix_fallocate(fd_, 0, static_cast<off_t>(bytes));
    if (error != 0) return translate_errno(error, "reserving " + path_.string());
    return Ok{};
  }
  Status sync() override {
    if (::fsync(fd_) != 0) return failed("syncing");
    return Ok{};
  }
  Result<bool> lock(bool exclusive) override {
    if (::flock(fd_, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    return failed("locking");
  }

 private:
  [[nodiscard]] core::Error failed(const std::string& doing) const {
    return translate_errno(errno, doing + " " + path_.string());
  }

  const int fd_;
  const fs::path path_;
};

Result<std::unique_ptr<OwnFile>> open_with(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return translate_errno(errno, "opening " + path.string());
  return std::unique_ptr<OwnFile>(new PosixFile(fd, path));
}

class PosixFiles final : public OwnFiles {
 public:
  Result<std::unique_ptr<OwnFile>> open(const fs::path& path, Mode mode) override {
    switch (mode) {
      case Mode::read:
        return open_with(path, O_RDONLY);
      case Mode::write:
        return open_with(path, O_RDWR | O_CREAT);
      case Mode::replace:
        return open_with(path, O_RDWR | O_CREAT | O_TRUNC);
    }
    HANSARD_ASSERT(false, "every mode is listed above");
  }
  [[nodiscard]] Result<Kind> kind(const fs::path& path) const override {
    std::error_code failed;
    switch (fs::status(path, failed).type()) {
      case fs::file_type::not_found:
        return Kind::absent;
      case fs::file_type::regular:
        return Kind::file;
      case fs::file_type::directory:
        return Kind::directory;
      default:
        if (failed) return translate_errno(failed.value(), "opening " + path.string());
        return Kind::other;
    }
  }
  [[nodiscard]] Result<std::uint64_t> size(const fs::path& path) const override {
    std::error_code failed;
    const auto bytes = fs::file_size(path, failed);
    if (failed == std::errc::no_such_file_or_directory) {
      return core::Error{core::Errc::not_found, path.string() + " is missing"};
    }
    if (failed) return translate_errno(failed.value(), "looking at " + path.string());
    return std::uint64_t{bytes};
  }
  Status make_directory(const fs::path& path) override {
    std::error_code failed;
    const fs::path parent = fs::absolute(path, failed).parent_path();
    if (!failed) fs::create_directories(parent, failed);
    if (failed) return translate_errno(failed.value(), "creating the parent of " + path.string());
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return Ok{};
    return translate_errno(errno, "creating " + path.string());
  }
  Status rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return Ok{};
    return translate_errno(errno, "creating " + to.string());
  }
  Status remove(const fs::path& path) override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Ok{};
    return translate_errno(errno, "removing " + path.string());
  }
  Status sync_directory(const fs::path& directory) override {
    const auto file = open_with(directory, O_RDONLY | O_DIRECTORY);
    if (!file) return file.error();
    return (*file)->sync();
  }
  [[nodiscard]] std::optional<std::uint64_t> free_bytes(const fs::path& directory) const override {
    struct statvfs disk {};
    if (::statvfs(directory.c_str(), &disk) != 0) return {};
    return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  }
};

}  // namespace

std::shared_ptr<OwnFiles> posix_files() {
  static const auto instance = std::make_shared<PosixFiles>();
  return instance;
}

}  // namespace hansard::rocks
