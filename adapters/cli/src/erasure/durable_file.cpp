#include "erasure/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace hansard::cli {
namespace {

namespace fs = std::filesystem;
using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

Error failed(std::string_view doing, const fs::path& path) {
  const int why = errno;
  return {why == ENOSPC ? Errc::out_of_space : Errc::unavailable,
          std::string(doing) + " " + path.string() + ": " + std::generic_category().message(why)};
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  const int fd_;
};

Status write_synced(const fs::path& path, int flags, std::string_view text) {
  const Descriptor file(path, flags);
  if (file.fd() < 0) return failed("cannot open", path);
  while (!text.empty()) {
    const ssize_t written = ::write(file.fd(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write", path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.fd()) != 0) return failed("cannot sync", path);
  return Ok{};
}

Status sync_folder(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor directory(folder, O_RDONLY | O_DIRECTORY);
  if (directory.fd() < 0 || ::fsync(directory.fd()) != 0) return failed("cannot sync", folder);
  return Ok{};
}

}  // namespace

Status replace_file(const fs::path& path, std::string_view text) {
  fs::path part = path;
  part += ".part";
  if (auto written = write_synced(part, O_WRONLY | O_CREAT | O_TRUNC, text); !written) {
    return written;
  }
  if (::rename(part.c_str(), path.c_str()) != 0) return failed("cannot rename to", path);
  return sync_folder(path);
}

Status append_to_file(const fs::path& path, std::string_view text) {
  std::error_code ignored;
  const bool known = fs::exists(path, ignored);
  if (auto written = write_synced(path, O_WRONLY | O_CREAT | O_APPEND, text); !written) {
    return written;
  }
  return known ? Status(Ok{}) : sync_folder(path);
}

Status remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return Ok{};
    return failed("cannot remove", path);
  }
  return sync_folder(path);
}

Result<std::optional<std::string>> read_file(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::optional<std::string>();
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file.good() && !file.eof()) return Error{Errc::unavailable, "cannot read " + path.string()};
  return std::optional<std::string>(std::move(text));
}

}  // namespace hansard::cli
