#include "content_decoder.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace hansard::gateway {

namespace {

constexpr std::size_t kChunkBytes = 64U << 10;
constexpr int kZstdWindowLogMax = 23;  ///< 8 MiB, what RFC 8878 asks decoders to allow

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_word(std::string_view text, std::string_view word) {
  return text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
         });
}

class ZlibDecoder final : public ContentDecoder {
 public:
  explicit ZlibDecoder(bool gzip) : gzip_(gzip) {}
  ~ZlibDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

  std::optional<std::string> decode(std::string_view bytes, std::size_t most) override {
    std::string out;
    if (bytes.empty()) return out;
    if (!ready_ && !start(bytes.front())) return {};
    // zlib takes bytes that it does not change through a pointer that is not const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool full = true;
    while (stream_.avail_in > 0 || full) {
      if (ended_) {  // a gzip body may have several members
        if (stream_.avail_in == 0) break;
        if (inflateReset(&stream_) != Z_OK) return {};
        ended_ = false;
      }
      const std::size_t had = out.size();
      out.resize(had + kChunkBytes);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + had);
      stream_.avail_out = kChunkBytes;
      const int code = inflate(&stream_, Z_SYNC_FLUSH);
      out.resize(had + kChunkBytes - stream_.avail_out);
      if (out.size() > most) return {};
      full = code == Z_OK && stream_.avail_out == 0;
      ended_ = code == Z_STREAM_END;
      if (code == Z_BUF_ERROR) break;
      if (code != Z_OK && !ended_) return {};
    }
    return out;
  }

 private:
  /// RFC 9110 says zlib's header for `deflate`; its first byte names method 8. A stream without
  /// header that begins so were a stored block with padding that is not zero: nobody writes that.
  bool start(char first) {
    constexpr int kWindow = 15;
    constexpr unsigned kMethod = 0x0FU;
    const bool header = (static_cast<unsigned char>(first) & kMethod) == Z_DEFLATED;
    ready_ = inflateInit2(&stream_, gzip_ ? kWindow + 16 : header ? kWindow : -kWindow) == Z_OK;
    return ready_;
  }

  const bool gzip_;
  z_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;
};

class ZstdDecoder final : public ContentDecoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDCtx()) {
    if (stream_ != nullptr) {
      ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
    }
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(stream_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  std::optional<std::string> decode(std::string_view bytes, std::size_t most) override {
    if (stream_ == nullptr) return {};
    std::string out;
    ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
    bool full = true;
    while (from.pos < from.size || full) {
      const std::size_t had = out.size();
      const std::size_t taken = from.pos;
      out.resize(had + kChunkBytes);
      ZSTD_outBuffer to{out.data() + had, kChunkBytes, 0};
      const std::size_t hint = ZSTD_decompressStream(stream_, &to, &from);
      out.resize(had + to.pos);
      if (ZSTD_isError(hint) != 0U || out.size() > most) return {};
      full = to.pos == kChunkBytes;
      if (!full && from.pos == taken && to.pos == 0) break;
    }
    return out;
  }

 private:
  ZSTD_DCtx* stream_;
};

bool is_gzip(std::string_view coding) {
  return is_word(coding, "gzip") || is_word(coding, "x-gzip");
}

}  // namespace

std::unique_ptr<ContentDecoder> make_decoder(std::string_view coding) {
  coding = trimmed(coding);
  if (is_gzip(coding)) return std::make_unique<ZlibDecoder>(true);
  if (is_word(coding, "deflate")) return std::make_unique<ZlibDecoder>(false);
  if (is_word(coding, "zstd")) return std::make_unique<ZstdDecoder>();
  return nullptr;
}

bool is_identity(std::string_view coding) {
  coding = trimmed(coding);
  return coding.empty() || is_word(coding, "identity");
}

std::string readable_codings(std::string_view accepted) {
  std::string out;
  while (!accepted.empty()) {
    const std::size_t end = std::min(accepted.find(','), accepted.size());
    const std::string_view each = trimmed(accepted.substr(0, end));
    accepted.remove_prefix(std::min(end + 1, accepted.size()));
    const std::string_view coding = trimmed(each.substr(0, each.find(';')));
    const bool readable = is_gzip(coding) || is_word(coding, "deflate") ||
                          is_word(coding, "zstd") || is_word(coding, "identity");
    if (!readable) continue;
    if (!out.empty()) out += ", ";
    out += each;
  }
  return out.empty() ? "identity" : out;
}

}  // namespace hansard::gateway
