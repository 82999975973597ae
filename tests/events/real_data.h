#pragma once

#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "events/dialects/answer.h"
#include "events/dialects/framing.h"
#include "events/json.h"

/// Recordings of real providers, which are no part of the project: HANSARD_SHARED_DATA names their
/// folder. Whoever includes this links zstd.
namespace hansard::events::real {

/// The folder, or empty.
inline std::string folder() {
  const char* path = std::getenv("HANSARD_SHARED_DATA");
  return path == nullptr ? "" : path;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  HANSARD_ASSERT(file.good(), "the folder has the file");
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string expanded(const std::string& compressed) {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::string out;
  std::string chunk(1 << 20, '\0');
  ZSTD_inBuffer from{compressed.data(), compressed.size(), 0};
  while (from.pos < from.size) {
    ZSTD_outBuffer to{chunk.data(), chunk.size(), 0};
    HANSARD_ASSERT(ZSTD_isError(ZSTD_decompressStream(context, &to, &from)) == 0U, "zstd reads it");
    out.append(chunk, 0, to.pos);
  }
  ZSTD_freeDCtx(context);
  return out;
}

/// Every line of a compressed file of JSON lines.
inline void each_line(const std::string& name, const std::function<void(const Json&)>& use) {
  const std::string all = expanded(read_file(folder() + "/" + name));
  std::size_t from = 0;
  while (from < all.size()) {
    const std::size_t end = std::min(all.find('\n', from), all.size());
    auto line = parse_json(std::string_view(all).substr(from, end - from));
    HANSARD_ASSERT(static_cast<bool>(line), "every line is JSON");
    use(*line);
    from = end + 1;
  }
}

/// The frames of an SSE body, `gap_us` apart; the bytes come in pieces of 1 to 97.
inline std::vector<TimedFrame> sse_frames(std::string_view body, std::uint64_t gap_us) {
  SseSplitter splitter;
  std::vector<TimedFrame> frames;
  const auto take = [&] {
    while (auto frame = splitter.next()) {
      frames.push_back({frames.size() * gap_us, std::move(frame->event), std::move(frame->data)});
    }
  };
  for (std::size_t piece = 1; !body.empty(); piece = piece * 31 % 97 + 1) {
    const std::size_t size = std::min(piece, body.size());
    splitter.feed(body.substr(0, size));
    body.remove_prefix(size);
    take();
  }
  splitter.end();
  take();
  return frames;
}

}  // namespace hansard::events::real
