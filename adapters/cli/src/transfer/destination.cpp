#include "transfer/destination.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace hansard::cli {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

core::Result<Destination> Destination::open(const std::string& file) {
  Destination out;
  out.file_ = file;
  if (file == "-") {
    out.fd_ = STDOUT_FILENO;
    return out;
  }
  out.part_ = file + ".part";
  out.fd_ = ::open(out.part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out.fd_ < 0) return out.failed("cannot be written");
  return out;
}

Destination::Destination(Destination&& other) noexcept
    : file_(std::move(other.file_)),
      part_(std::exchange(other.part_, {})),
      fd_(std::exchange(other.fd_, -1)) {}

Destination::~Destination() {
  if (part_.empty() || fd_ < 0) return;
  ::close(fd_);
  ::unlink(part_.c_str());
}

Status Destination::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed("cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Ok{};
}

Status Destination::finish() {
  if (part_.empty()) return Ok{};
  if (::fsync(fd_) != 0) return failed("cannot be synced");
  if (::rename(part_.c_str(), file_.c_str()) != 0) return failed("cannot be named");
  part_.clear();
  ::close(std::exchange(fd_, -1));
  return Ok{};
}

Error Destination::failed(const char* what) const {
  const Errc code = errno == ENOSPC ? Errc::out_of_space : Errc::unavailable;
  return Error{
      code, (part_.empty() ? "standard output" : part_) + " " + what + ": " + std::strerror(errno)};
}

}  // namespace hansard::cli
