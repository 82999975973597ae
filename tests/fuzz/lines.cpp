// Lines of a bulk upload are those of the whole text, however the network cuts it.
#include "shared/line_cutter.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "target.h"

namespace {

using hansard::http::LineCutter;

constexpr std::size_t kLineBytesMax = 32;

struct Seen {
  std::uint64_t number;
  std::string text;
  bool too_long;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> cut(std::string_view bytes, std::size_t step) {
  LineCutter cutter(kLineBytesMax);
  std::vector<Seen> seen;
  const auto drain = [&] {
    while (auto line = cutter.next()) seen.push_back({line->number, line->text, line->too_long});
  };
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size()))) {
    cutter.take(std::string(bytes.substr(0, step)));
    drain();
    HANSARD_ASSERT(cutter.held() <= kLineBytesMax, "at most a line is held");
  }
  cutter.finish();
  drain();
  return seen;
}

/// The same in the plainest way.
std::vector<Seen> expected(std::string_view bytes) {
  std::vector<Seen> seen;
  std::uint64_t number = 0;
  for (bool more = true; more;) {
    const std::size_t end = bytes.find('\n');
    more = end != std::string_view::npos;
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(more ? end + 1 : bytes.size());
    ++number;
    if (line.size() > kLineBytesMax) {
      seen.push_back({number, "", true});
      continue;
    }
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    seen.push_back({number, std::string(line), false});
  }
  return seen;
}

void run(std::string_view bytes) {
  const std::size_t step = 1 + hansard::fuzz::take_byte(bytes) % 64;
  const std::vector<Seen> wanted = expected(bytes);
  HANSARD_ASSERT(cut(bytes, step) == wanted, "the lines of the text");
  HANSARD_ASSERT(cut(bytes, bytes.size() + 1) == wanted, "whole or in pieces");
}

const hansard::fuzz::Announced announced("lines", run);

}  // namespace
