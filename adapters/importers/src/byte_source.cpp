#include "importers/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "importers/zip_source.h"

namespace hansard::importers {

namespace {

using core::Errc;
using core::Error;
using core::Result;

constexpr std::size_t kBufferBytes = 128U << 10;
constexpr int kWindowLogMax = 27;  // 128 MiB
constexpr std::array<unsigned char, 4> kZstdMagic = {0x28, 0xB5, 0x2F, 0xFD};
constexpr std::array<unsigned char, 2> kGzipMagic = {0x1F, 0x8B};
constexpr int kGzipOnly = 16 + MAX_WBITS;  ///< as zlib's inflateInit2 wants to be told

template <std::size_t N>
bool begins_with(std::string_view bytes, const std::array<unsigned char, N>& magic) {
  return bytes.size() >= N && std::memcmp(bytes.data(), magic.data(), N) == 0;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// The stored bytes. Begins by looking at the first ones without losing them.
class File {
 public:
  File(Descriptor fd, std::string name, std::uint64_t size)
      : fd_(std::move(fd)), name_(std::move(name)), size_(size), buffer_(kBufferBytes) {}

  Result<std::string_view> next() {
    std::size_t got = std::exchange(held_, 0);
    if (got == 0) {
      auto read = fill(0);
      if (!read) return std::move(read).error();
      got = *read;
    }
    consumed_ += got;
    return std::string_view(buffer_.data(), got);
  }

  /// Reads ahead until `bytes` are there or the file ends.
  Result<std::string_view> peek(std::size_t bytes) {
    while (held_ < bytes) {
      auto read = fill(held_);
      if (!read) return std::move(read).error();
      if (*read == 0) break;
      held_ += *read;
    }
    return std::string_view(buffer_.data(), held_);
  }

  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Result<std::size_t> fill(std::size_t at) {
    for (;;) {
      const ssize_t got = ::read(fd_.get(), buffer_.data() + at, buffer_.size() - at);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) {
        return Error{Errc::unavailable, name_ + ": " + std::strerror(errno)};
      }
    }
  }

  Descriptor fd_;
  std::string name_;
  std::uint64_t size_;
  std::vector<char> buffer_;
  std::size_t held_ = 0;
  std::uint64_t consumed_ = 0;
};

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(File file) : file_(std::move(file)) {}
  Result<std::string_view> next() override { return file_.next(); }
  [[nodiscard]] std::uint64_t consumed() const override { return file_.consumed(); }
  [[nodiscard]] std::uint64_t size() const override { return file_.size(); }

 private:
  File file_;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(File file) : file_(std::move(file)), out_(kBufferBytes) {
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }

  Result<std::string_view> next() override {
    for (;;) {
      if (in_.pos == in_.size) {
        auto piece = file_.next();
        if (!piece) return std::move(piece).error();
        if (piece->empty() && !more_inside_) {
          if (frame_open_) return broken("the compressed form is cut off");
          return std::string_view{};
        }
        in_ = {piece->data(), piece->size(), 0};
      }
      ZSTD_outBuffer out{out_.data(), out_.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in_);
      if (ZSTD_isError(left) != 0) return broken(ZSTD_getErrorName(left));
      frame_open_ = left != 0;
      more_inside_ = out.pos == out.size;
      if (out.pos > 0) return std::string_view(out_.data(), out.pos);
    }
  }
  [[nodiscard]] std::uint64_t consumed() const override { return file_.consumed(); }
  [[nodiscard]] std::uint64_t size() const override { return file_.size(); }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  [[nodiscard]] Error broken(const std::string& why) const {
    return {Errc::invalid_argument, file_.name() + ": " + why};
  }

  File file_;
  std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
  std::vector<char> out_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool frame_open_ = false;
  bool more_inside_ = false;  ///< the output filled up: the decoder may hold more
};

/// One or several gzip members, one after another.
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(File file) : file_(std::move(file)), out_(kBufferBytes) {
    ready_ = inflateInit2(&stream_, kGzipOnly) == Z_OK;
  }
  ~GzipSource() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  Result<std::string_view> next() override {
    if (!ready_) return Error{Errc::unavailable, file_.name() + ": no memory to decompress"};
    for (;;) {
      if (stream_.avail_in == 0 && !more_inside_) {
        auto piece = file_.next();
        if (!piece) return std::move(piece).error();
        if (piece->empty()) {
          if (member_open_) return broken("the compressed form is cut off");
          return std::string_view{};
        }
        // zlib's interface predates const; it only reads.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece->data()));  // NOLINT
        stream_.avail_in = static_cast<uInt>(piece->size());
      }
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      member_open_ = true;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        member_open_ = false;
        inflateReset(&stream_);
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return broken(stream_.msg == nullptr ? "not decompressible" : stream_.msg);
      }
      more_inside_ = status != Z_STREAM_END && stream_.avail_out == 0;
      const std::size_t got = out_.size() - stream_.avail_out;
      if (got > 0) return std::string_view(out_.data(), got);
    }
  }
  [[nodiscard]] std::uint64_t consumed() const override { return file_.consumed(); }
  [[nodiscard]] std::uint64_t size() const override { return file_.size(); }

 private:
  [[nodiscard]] Error broken(const std::string& why) const {
    return {Errc::invalid_argument, file_.name() + ": " + why};
  }

  File file_;
  z_stream stream_{};
  std::vector<char> out_;
  bool ready_ = false;
  bool member_open_ = false;
  bool more_inside_ = false;  ///< the output filled up: the decoder may hold more
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_source(const std::string& path) {
  const bool standard_input = path == "-";
  Descriptor fd(standard_input ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    const Errc code = errno == ENOENT ? Errc::not_found : Errc::unavailable;
    return Error{code, path + ": " + std::strerror(errno)};
  }
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0) {
    return Error{Errc::unavailable, path + ": " + std::strerror(errno)};
  }
  if (S_ISDIR(about.st_mode)) {
    return Error{Errc::invalid_argument, path + " is a directory; name its files"};
  }
  const std::uint64_t size = S_ISREG(about.st_mode) ? static_cast<std::uint64_t>(about.st_size) : 0;
  File file(std::move(fd), standard_input ? "standard input" : path, size);
  auto start = file.peek(kZstdMagic.size());
  if (!start) return std::move(start).error();
  if (begins_with(*start, kZstdMagic)) {
    return std::unique_ptr<ByteSource>(std::make_unique<ZstdSource>(std::move(file)));
  }
  if (begins_with(*start, kGzipMagic)) {
    return std::unique_ptr<ByteSource>(std::make_unique<GzipSource>(std::move(file)));
  }
  // A zip archive has its directory at the end, so it cannot come through a pipe.
  if (is_zip(*start) && !standard_input) return open_eval(path);
  return std::unique_ptr<ByteSource>(std::make_unique<PlainSource>(std::move(file)));
}

}  // namespace hansard::importers
