// Names of tiles: one name a tile.
#include "audit/tile_path.h"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "target.h"

namespace {

using hansard::http::parse_tile_path;
using hansard::http::TilePath;

/// The name as tlog-tiles makes it.
std::string name_of(const TilePath& tile) {
  std::string name;
  char group[8];
  std::uint64_t rest = tile.index;
  std::snprintf(group, sizeof group, "%03u", static_cast<unsigned>(rest % 1000));
  name = group;
  for (rest /= 1000; rest > 0; rest /= 1000) {
    std::snprintf(group, sizeof group, "x%03u", static_cast<unsigned>(rest % 1000));
    name = std::string(group) + "/" + name;
  }
  name = std::to_string(tile.level) + "/" + name;
  return tile.width == 256 ? name : name + ".p/" + std::to_string(tile.width);
}

void run(std::string_view bytes) {
  std::vector<std::string> segments(1);
  for (const char c : bytes) {
    if (c == '/') {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  const auto tile = parse_tile_path(segments);
  if (!tile) return;
  HANSARD_ASSERT(name_of(*tile) == bytes, "a tile has one name");
  HANSARD_ASSERT(tile->width >= 1 && tile->width <= 256 && tile->level < 8, "bounds");
}

const hansard::fuzz::Announced announced("tile_path", run);

}  // namespace
