#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace hansard::http {

/// One tile, as a path of C2SP tlog-tiles names it (c2sp.org/tlog-tiles).
struct TilePath {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
  std::uint64_t width = 0;  ///< hashes: 256, or less in a partial tile
  bool operator==(const TilePath&) const = default;
};

/// `<level>/<index>` and perhaps `.p/<width>`, as decoded segments: the index in groups of three
/// digits, all but the last with an `x` before them (`x001/x234/067`); numbers without leading
/// zeros; one path a tile. Nothing for any other text.
std::optional<TilePath> parse_tile_path(std::span<const std::string> segments);

}  // namespace hansard::http
