#include "backup/file_copy.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "ossl/digest.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

constexpr std::size_t kPieceBytes = 256U << 10;
/// Written, but not yet on disk, at most.
constexpr std::uint64_t kUnwrittenBytes = 4U << 20;
/// What a disk keeps free beside a copy.
constexpr std::uint64_t kRestBytes = 16U << 20;
constexpr int kNice = 19;

Status write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("writing " + name);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Ok{};
}

/// The new file of a copy, written back as it grows.
class Target {
 public:
  Status open(const std::filesystem::path& path) {
    name_ = path.string();
    file_ = Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                              S_IRUSR | S_IWUSR));
    if (!file_) return system_error("creating " + name_);
    return Ok{};
  }
  Status write(std::string_view bytes) {
    if (auto status = write_all(file_.get(), bytes, name_); !status) return status;
    end_ += bytes.size();
    if (end_ - begun_ < kUnwrittenBytes) return Ok{};
    constexpr unsigned kAll =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    // Only paces; the sync at the end is what counts, and not every file system has this.
    static_cast<void>(::sync_file_range(file_.get(), static_cast<off_t>(begun_),
                                        static_cast<off_t>(end_ - begun_), kAll));
    static_cast<void>(
        ::posix_fadvise(file_.get(), 0, static_cast<off_t>(end_), POSIX_FADV_DONTNEED));
    begun_ = end_;
    return Ok{};
  }
  Status sync() {
    if (::fsync(file_.get()) != 0) return system_error("syncing " + name_);
    return Ok{};
  }

 private:
  Descriptor file_;
  std::string name_;
  std::uint64_t begun_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Error system_error(const std::string& doing) {
  const int why = errno;
  const Errc code = why == ENOSPC || why == EDQUOT ? Errc::out_of_space
                    : why == ENOENT                ? Errc::not_found
                                                   : Errc::unavailable;
  return {code, doing + ": " + std::strerror(why)};
}

Result<core::Hash> copy_bytes(const Descriptor& from, const std::string& name, std::uint64_t bytes,
                              const std::filesystem::path* to, const Copied& copied) {
  Target target;
  if (to != nullptr) {
    if (auto status = target.open(*to); !status) return status.error();
  }
  ossl::Sha256 digest;
  std::vector<char> buffer(kPieceBytes);
  for (std::uint64_t left = bytes; left > 0;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
    const ssize_t got = ::read(from.get(), buffer.data(), wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("reading " + name);
    if (got == 0) {
      return Error{Errc::corruption, name + " ends " + std::to_string(left) + " bytes too early"};
    }
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
    digest.add(piece);
    if (to != nullptr) {
      if (auto status = target.write(piece); !status) return status.error();
    }
    left -= piece.size();
    if (copied && !copied(piece.size())) return Error{Errc::cancelled, "copying was stopped"};
  }
  if (to != nullptr) {
    if (auto status = target.sync(); !status) return status.error();
  }
  return digest.finish();
}

Status write_file(const std::filesystem::path& path, std::string_view text) {
  Target target;
  if (auto status = target.open(path); !status) return status;
  if (auto status = target.write(text); !status) return status;
  return target.sync();
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(path.string());
  std::string text(bytes_max + 1, '\0');
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + bytes, text.size() - bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path.string());
    if (got == 0) break;
    bytes += static_cast<std::size_t>(got);
  }
  if (bytes > bytes_max) {
    return Error{Errc::too_large,
                 path.string() + " has more than " + std::to_string(bytes_max) + " bytes"};
  }
  text.resize(bytes);
  return text;
}

Status sync_directory(const std::filesystem::path& directory) {
  const Descriptor open(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open || ::fsync(open.get()) != 0) return system_error("syncing " + directory.string());
  return Ok{};
}

Result<std::uint64_t> free_space(const std::filesystem::path& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return system_error(path.string());
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

Status check_space(const std::filesystem::path& path, std::uint64_t bytes) {
  const auto space = free_space(path);
  if (!space) return space.error();
  if (*space >= bytes && *space - bytes >= kRestBytes) return Ok{};
  return Error{Errc::out_of_space, path.string() + ": " + std::to_string(bytes) + " bytes and " +
                                       std::to_string(kRestBytes) + " to spare are needed, " +
                                       std::to_string(*space) + " are free"};
}

void work_in_background() {
  // Linux keeps both per thread; where one fails only the politeness is lost.
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice));
  constexpr int kOfProcess = 1;
  constexpr int kIdleClass = 3 << 13;
  static_cast<void>(::syscall(SYS_ioprio_set, kOfProcess, 0, kIdleClass));
}

}  // namespace hansard::cli
