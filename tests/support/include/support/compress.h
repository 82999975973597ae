#pragma once

#include <zlib.h>
#include <zstd.h>

#include <string>
#include <string_view>

#include "core/assert.h"

/// Compressed bytes for tests of what expands them. Whoever includes this links zlib and zstd.
namespace hansard::support {

inline std::string gzip(std::string_view plain) {
  z_stream stream{};
  HANSARD_ASSERT(
      deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK,
      "zlib starts");
  std::string out(deflateBound(&stream, plain.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  HANSARD_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END, "there is room");
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

/// With a checksum, and a window of 2^`window_log` bytes even where the content is shorter.
inline std::string zstd_with_window(std::string_view plain, int window_log) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (window_log > 0) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  }
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  ZSTD_inBuffer from{plain.data(), plain.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  // Two steps, so that the compressor cannot know the size and shrink the window to it.
  ZSTD_compressStream2(context, &to, &from, ZSTD_e_continue);
  HANSARD_ASSERT(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end) == 0U, "there is room");
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

inline std::string zstd(std::string_view plain) { return zstd_with_window(plain, 0); }

}  // namespace hansard::support
