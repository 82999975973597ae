// A compressed body expands to the same bytes however it is cut, never to more than asked for, and
// what a compressor wrote expands to what it was given.
#include "server/content_coding.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "core/assert.h"
#include "support/compress.h"
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
  // What comes after the bound is looked at by one and not by the other.
  if (whole.bytes.size() > kExpandedMax || cut.bytes.size() > kExpandedMax) return;
  // The zstd library itself is laxer with a frame that comes in pieces: it lets one pass that ends
  // in an empty block before the length it announced.
  HANSARD_ASSERT(coding == "zstd" || whole.broken == cut.broken, "cuts do not break it");
  if (whole.broken || cut.broken) return;
  HANSARD_ASSERT(whole.bytes == cut.bytes, "the same bytes");
  HANSARD_ASSERT(whole.whole == cut.whole, "the same end");
  // Compressors cost a hundred times what is tested with them: now and then.
  if (steering >= 240) {
    round_trip("gzip", hansard::support::gzip(bytes), bytes);
    round_trip("zstd", hansard::support::zstd(bytes), bytes);
  }
}

const hansard::fuzz::Announced announced("content_coding", run);

}  // namespace
