#pragma once

#include <zstd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "events/dialects/answer.h"
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

/// The frames of an SSE body, `gap_us` apart.
inline std::vector<TimedFrame> sse_frames(std::string_view body, std::uint64_t gap_us) {
  std::vector<TimedFrame> frames;
  TimedFrame frame;
  bool any = false;
  const auto finish = [&] {
    if (any) frames.push_back(frame);
    frame = {frame.at_us + (any ? gap_us : 0), "", ""};
    any = false;
  };
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) finish();
    const auto value = [&](std::string_view field) {
      std::string_view text = line.substr(field.size());
      return text.starts_with(' ') ? text.substr(1) : text;
    };
    if (line.starts_with("event:")) frame.event = value("event:");
    if (!line.starts_with("data:")) continue;
    frame.data.append(any ? "\n" : "").append(value("data:"));
    any = true;
  }
  finish();
  return frames;
}

}  // namespace hansard::events::real
