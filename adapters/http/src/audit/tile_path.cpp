#include "audit/tile_path.h"

#include <algorithm>
#include <string_view>

#include "core/merkle.h"

namespace hansard::http {
namespace {

/// Digits without leading zeros, up to `most`.
std::optional<std::uint64_t> small_number(std::string_view text, std::uint64_t most) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return {};
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (number > most) return {};
  return number;
}

/// Three digits.
std::optional<std::uint64_t> group(std::string_view text) {
  const bool digits = text.size() == 3 && std::all_of(text.begin(), text.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return {};
  return static_cast<std::uint64_t>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
}

}  // namespace

std::optional<TilePath> parse_tile_path(std::span<const std::string> segments) {
  constexpr std::size_t kSegmentsMax = 1 + 7 + 1;  // 2^64 has seven groups
  if (segments.size() < 2 || segments.size() > kSegmentsMax) return {};
  TilePath tile;
  const auto level = small_number(segments.front(), 7);
  if (!level) return {};
  tile.level = static_cast<std::uint8_t>(*level);
  tile.width = core::kTileWidth;
  segments = segments.subspan(1);

  std::string_view last = segments.back();
  if (segments.size() >= 2 && segments[segments.size() - 2].ends_with(".p")) {
    const auto width = small_number(last, core::kTileWidth - 1);
    if (!width || *width == 0) return {};
    tile.width = *width;
    segments = segments.first(segments.size() - 1);
    last = segments.back();
    last.remove_suffix(2);
  }
  if (segments.size() > 6) return {};  // no log has 10^18 tiles
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool is_last = i + 1 == segments.size();
    std::string_view text = is_last ? last : std::string_view(segments[i]);
    if (!is_last) {
      if (!text.starts_with('x')) return {};
      text.remove_prefix(1);
    }
    const auto number = group(text);
    if (!number || (i == 0 && !is_last && *number == 0)) return {};
    tile.index = tile.index * 1000 + *number;
  }
  return tile;
}

}  // namespace hansard::http
