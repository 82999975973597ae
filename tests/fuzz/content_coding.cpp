// A compressed body expands to the same bytes however it is cut, never to more than asked for, and
// what a compressor wrote expands to what it was given.
#include "content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "core/assert.h"
#include "target.h"

namespace {

using hansard::http::Expander;
using hansard::http::make_expander;

constexpr std::size_t kExpandedMax = 192U << 10;

struct Outcome {
  std::string bytes;
  bool broken = false;
  bool whole = false;
};

Outcome expand(std::string_view coding, std::string_view bytes, std::size_t step) {
  const auto expander = make_expander(coding);
  HANSARD_ASSERT(expander != nullptr, "the coding is known");
  Outcome out;
  while (!bytes.empty() && out.bytes.size() <= kExpandedMax) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    for (;;) {
      const auto more = expander->expand(piece);
      if (!more) {
        out.broken = true;
        return out;
      }
      HANSARD_ASSERT(more->size() <= Expander::kPieceBytes, "pieces are bounded");
      if (more->empty()) break;
      out.bytes += *more;
      if (out.bytes.size() > kExpandedMax) break;
    }
    HANSARD_ASSERT(piece.empty() || out.bytes.size() > kExpandedMax, "all of it is used");
  }
  out.whole = expander->may_end();
  return out;
}

std::string deflated(std::string_view bytes) {
  z_stream stream{};
  HANSARD_ASSERT(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK,
                 "zlib starts");
  std::string out(deflateBound(&stream, bytes.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  HANSARD_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END, "there is room");
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string zstandard(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t made = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1);
  HANSARD_ASSERT(ZSTD_isError(made) == 0U, "there is room");
  out.resize(made);
  return out;
}

void round_trip(std::string_view coding, const std::string& packed, std::string_view bytes) {
  const std::string twice = packed + packed;
  const auto expander = make_expander(coding);
  const auto out = hansard::http::expand_whole(*expander, twice, 2 * bytes.size());
  HANSARD_ASSERT(out.has_value() && *out == std::string(bytes) + std::string(bytes),
                 "decoding undoes encoding, of several members, too");
  if (bytes.empty()) return;
  const auto held = make_expander(coding);
  const auto less = hansard::http::expand_whole(*held, twice, 2 * bytes.size() - 1);
  HANSARD_ASSERT(!less && less.error().code == hansard::core::Errc::too_large, "within the bound");
}

void run(std::string_view bytes) {
  const unsigned steering = hansard::fuzz::take_byte(bytes);
  const std::string_view coding = steering % 2 == 0 ? "gzip" : "zstd";
  const std::size_t step = 1 + steering / 2 % 16 * 5;
  const Outcome whole = expand(coding, bytes, bytes.size() + 1);
  const Outcome cut = expand(coding, bytes, step);
  // The zstd library itself is laxer with a frame that comes in pieces: it lets one pass that ends
  // in an empty block before the length it announced.
  HANSARD_ASSERT(coding == "zstd" || whole.broken == cut.broken, "cuts do not break it");
  if (whole.broken || cut.broken) return;
  HANSARD_ASSERT(whole.bytes == cut.bytes || whole.bytes.size() > kExpandedMax, "the same bytes");
  if (whole.bytes.size() <= kExpandedMax) {
    HANSARD_ASSERT(whole.whole == cut.whole, "the same end");
  }
  // Compressors cost a hundred times what is tested with them: now and then.
  if (steering >= 240) {
    round_trip("gzip", deflated(bytes), bytes);
    round_trip("zstd", zstandard(bytes), bytes);
  }
}

const hansard::fuzz::Announced announced("content_coding", run);

}  // namespace
