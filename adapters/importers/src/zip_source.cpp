#include "importers/zip_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "zip_directory.h"

namespace hansard::importers {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;

namespace {

constexpr std::size_t kBufferBytes = 128U << 10;
constexpr int kZstdWindowLogMax = 27;  // 128 MiB

enum Method : std::uint16_t { kStored = 0, kDeflated = 8, kZstandard = 93 };

}  // namespace

struct ZipArchive::File final : zip::Bytes {
  File(int descriptor, std::string path) : fd(descriptor), name(std::move(path)) {}
  ~File() override { ::close(fd); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File(File&&) = delete;
  File& operator=(File&&) = delete;

  [[nodiscard]] std::uint64_t size() const override { return bytes; }
  Status read(std::uint64_t at, std::size_t count, char* out) const override {
    while (count > 0) {
      const ssize_t got = ::pread(fd, out, count, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Error{Errc::unavailable, name + ": " + std::strerror(errno)};
      if (got == 0) return broken("the file ends too early");
      at += static_cast<std::uint64_t>(got);
      out += got;
      count -= static_cast<std::size_t>(got);
    }
    return Ok{};
  }
  [[nodiscard]] Error broken(const std::string& why) const override {
    return {Errc::invalid_argument, name + ": " + why};
  }

  int fd;
  std::string name;
  std::uint64_t bytes = 0;
  ZipLimits limits;
  std::vector<ZipEntry> entries;
};

namespace {

/// Turns stored bytes into the file's. One entry each.
class Decoder {
 public:
  struct Step {
    std::size_t taken = 0;
    std::size_t made = 0;
    bool ended = false;
  };
  virtual ~Decoder() = default;
  /// Errors: what the compressed form says is wrong.
  virtual Result<Step> run(std::string_view in, char* out, std::size_t room) = 0;
  /// What has ended may begin anew (frames one after another).
  [[nodiscard]] virtual bool goes_on() const { return false; }
};

class Copy final : public Decoder {
 public:
  Result<Step> run(std::string_view in, char* out, std::size_t room) override {
    const std::size_t count = in.copy(out, room);
    return Step{count, count, in.empty()};
  }
};

class Inflate final : public Decoder {
 public:
  Inflate() { ready_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK; }
  ~Inflate() override {
    if (ready_) inflateEnd(&stream_);
  }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;
  Inflate(Inflate&&) = delete;
  Inflate& operator=(Inflate&&) = delete;

  Result<Step> run(std::string_view in, char* out, std::size_t room) override {
    if (!ready_) return Error{Errc::unavailable, "no memory for unpacking"};
    // zlib takes its input as mutable, and does not write to it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // NOLINT
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(room);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return Error{Errc::invalid_argument, stream_.msg == nullptr ? "broken deflate" : stream_.msg};
    }
    return Step{in.size() - stream_.avail_in, room - stream_.avail_out, code == Z_STREAM_END};
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

class Zstd final : public Decoder {
 public:
  Zstd() { ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax); }
  Result<Step> run(std::string_view in, char* out, std::size_t room) override {
    ZSTD_inBuffer source{in.data(), in.size(), 0};
    ZSTD_outBuffer target{out, room, 0};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &target, &source);
    if (ZSTD_isError(left) != 0) return Error{Errc::invalid_argument, ZSTD_getErrorName(left)};
    return Step{source.pos, target.pos, left == 0};
  }
  [[nodiscard]] bool goes_on() const override { return true; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
};

std::unique_ptr<Decoder> decoder_for(std::uint16_t method) {
  switch (method) {
    case kStored:
      return std::make_unique<Copy>();
    case kDeflated:
      return std::make_unique<Inflate>();
    case kZstandard:
      return std::make_unique<Zstd>();
    default:
      return nullptr;
  }
}

/// One entry, unpacked piece by piece.
class EntryReader {
 public:
  EntryReader(const zip::Bytes& file, const ZipEntry& entry, const ZipLimits& limits)
      : file_(file), entry_(entry), limits_(limits), in_(kBufferBytes), out_(kBufferBytes) {}

  /// The next piece; empty at the end. Errors: as `ZipArchive::unpack`.
  Result<std::string_view> next() {
    if (!decoder_) {
      if (auto status = begin(); !status) return std::move(status).error();
    }
    while (!ended_) {
      if (held_.empty() && stored_left_ > 0) {
        const std::size_t count = std::min<std::uint64_t>(stored_left_, in_.size());
        if (auto status = file_.read(at_, count, in_.data()); !status) return status.error();
        at_ += count;
        stored_left_ -= count;
        held_ = {in_.data(), count};
      }
      auto step = decoder_->run(held_, out_.data(), out_.size());
      if (!step) return broken(step.error().message);
      held_.remove_prefix(step->taken);
      ended_ = step->ended;
      made_ += step->made;
      if (made_ > entry_.bytes) return broken("unpacks to more than its size says");
      if (ended_ && (!held_.empty() || stored_left_ > 0)) {
        if (!decoder_->goes_on()) return broken("goes on after its compressed form ends");
        ended_ = false;
      }
      if (!ended_ && step->taken == 0 && step->made == 0) return broken("is cut off");
      if (step->made > 0) {
        const std::string_view piece(out_.data(), step->made);
        crc_ = crc32(crc_, reinterpret_cast<const Bytef*>(piece.data()),
                     static_cast<uInt>(piece.size()));
        return piece;
      }
    }
    if (made_ != entry_.bytes) return broken("unpacks to less than its size says");
    if (crc_ != entry_.crc) return broken("does not match its checksum");
    return std::string_view{};
  }

 private:
  Status begin() {
    if (entry_.bytes > limits_.entry_bytes_max) {
      return Error{Errc::too_large, entry_.name + " is larger than " +
                                        std::to_string(limits_.entry_bytes_max) + " bytes"};
    }
    decoder_ = decoder_for(entry_.method);
    if (!decoder_) {
      return Error{Errc::unsupported, entry_.name + " is packed by method " +
                                          std::to_string(entry_.method) +
                                          "; known are stored, deflated and Zstandard"};
    }
    auto data_at = zip::data_begins(file_, entry_);
    if (!data_at) return std::move(data_at).error();
    at_ = *data_at;
    stored_left_ = entry_.stored_bytes;
    return Ok{};
  }
  [[nodiscard]] Error broken(const std::string& why) const {
    return file_.broken(entry_.name + " " + why);
  }

  const zip::Bytes& file_;
  const ZipEntry& entry_;
  const ZipLimits& limits_;
  std::vector<char> in_;
  std::vector<char> out_;
  std::unique_ptr<Decoder> decoder_;
  std::string_view held_;
  std::uint64_t at_ = 0;
  std::uint64_t stored_left_ = 0;
  std::uint64_t made_ = 0;
  uLong crc_ = crc32(0, nullptr, 0);
  bool ended_ = false;
};

constexpr std::string_view kHeaderName = "header.json";
constexpr std::string_view kSamples = "samples/";
constexpr std::string_view kJson = ".json";

bool is_sample(std::string_view name) {
  return name.substr(0, kSamples.size()) == kSamples && name.size() > kJson.size() &&
         name.substr(name.size() - kJson.size()) == kJson;
}

}  // namespace

ZipArchive::ZipArchive(std::unique_ptr<File> file) : file_(std::move(file)) {}
ZipArchive::~ZipArchive() = default;
ZipArchive::ZipArchive(ZipArchive&&) noexcept = default;

Result<ZipArchive> ZipArchive::open(const std::string& path, ZipLimits limits) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const Errc code = errno == ENOENT ? Errc::not_found : Errc::unavailable;
    return Error{code, path + ": " + std::strerror(errno)};
  }
  auto file = std::make_unique<File>(fd, path);
  struct stat about {};
  if (::fstat(fd, &about) != 0) {
    return Error{Errc::unavailable, path + ": " + std::strerror(errno)};
  }
  if (!S_ISREG(about.st_mode)) return file->broken("a zip archive is read from a file only");
  file->bytes = static_cast<std::uint64_t>(about.st_size);
  file->limits = limits;
  auto entries = zip::read_directory(*file, limits);
  if (!entries) return std::move(entries).error();
  file->entries = *std::move(entries);
  return ZipArchive(std::move(file));
}

const std::vector<ZipEntry>& ZipArchive::entries() const { return file_->entries; }

Status ZipArchive::unpack(const ZipEntry& entry,
                          const std::function<void(std::string_view)>& sink) const {
  EntryReader reader(*file_, entry, file_->limits);
  for (;;) {
    auto piece = reader.next();
    if (!piece) return std::move(piece).error();
    if (piece->empty()) return Ok{};
    sink(*piece);
  }
}

/// Documents one after another, each on a line of its own. A document is only handed out when its
/// checksum is right; none may be longer than the record it will be.
class ZipSource final : public ByteSource {
 public:
  ZipSource(ZipArchive archive, std::vector<const ZipEntry*> documents)
      : archive_(std::move(archive)), documents_(std::move(documents)) {}

  Result<std::string_view> next() override {
    if (next_ == documents_.size()) return std::string_view{};
    const ZipEntry& entry = *documents_[next_];
    const ZipLimits& limits = archive_.file_->limits;
    if (entry.bytes > limits.document_bytes_max) {
      return Error{Errc::too_large, archive_.file_->name + ": " + entry.name + " is larger than " +
                                        std::to_string(limits.document_bytes_max) + " bytes"};
    }
    line_.clear();
    const auto status =
        archive_.unpack(entry, [this](std::string_view piece) { line_.append(piece); });
    if (!status) return status.error();
    std::replace(line_.begin(), line_.end(), '\n', ' ');
    line_.push_back('\n');
    consumed_ += entry.stored_bytes;
    ++next_;
    return std::string_view(line_);
  }
  [[nodiscard]] std::uint64_t consumed() const override { return consumed_; }
  [[nodiscard]] std::uint64_t size() const override { return archive_.file_->bytes; }

 private:
  ZipArchive archive_;
  std::vector<const ZipEntry*> documents_;
  std::size_t next_ = 0;
  std::string line_;
  std::uint64_t consumed_ = 0;
};

Result<std::unique_ptr<ByteSource>> open_eval(const std::string& path, ZipLimits limits) {
  auto archive = ZipArchive::open(path, limits);
  if (!archive) return std::move(archive).error();
  std::vector<const ZipEntry*> documents;
  for (const ZipEntry& entry : archive->entries()) {
    if (entry.name == kHeaderName && documents.empty()) documents.push_back(&entry);
  }
  if (documents.empty()) {
    return Error{Errc::invalid_argument,
                 path + ": a zip archive without header.json is no evaluation log"};
  }
  for (const ZipEntry& entry : archive->entries()) {
    if (is_sample(entry.name)) documents.push_back(&entry);
  }
  return std::unique_ptr<ByteSource>(
      std::make_unique<ZipSource>(*std::move(archive), std::move(documents)));
}

bool is_zip(std::string_view first_bytes) {
  return first_bytes.substr(0, 4) == std::string_view("PK\x03\x04", 4);
}

}  // namespace hansard::importers
