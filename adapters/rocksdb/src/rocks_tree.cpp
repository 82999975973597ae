#include "rocks_tree.h"

#include <string>

#include "log_state.h"

namespace hansard::rocks {

core::Result<std::vector<core::Hash>> RocksTree::entries(std::uint8_t level, std::uint64_t index,
                                                         std::uint64_t count) const {
  const std::uint64_t has = core::tile_entries(published_.end().value, level, index);
  if (count == 0 || count > has) {
    return core::Error{core::Errc::invalid_argument, "Merkle tile " + std::to_string(index) +
                                                         " of level " + std::to_string(level) +
                                                         " has " + std::to_string(has) +
                                                         " hashes, not " + std::to_string(count)};
  }
  const auto database = databases_.get();
  if (!database) return database.error();
  if (has == core::kTileWidth) {
    auto tile = read_tile(**database, level, index);
    if (tile) tile->resize(count);
    return tile;
  }

  Beginning known;
  {
    const std::lock_guard lock(mutex_);
    known = beginnings_[level];
  }
  if (known.index != index) known = {index, {}};
  if (known.hashes.size() < count) {
    auto more =
        computed_entries(**database, hasher_, level, index * core::kTileWidth + known.hashes.size(),
                         count - known.hashes.size());
    if (!more) return more;
    known.hashes.insert(known.hashes.end(), more->begin(), more->end());
    const std::lock_guard lock(mutex_);
    Beginning& kept = beginnings_[level];
    // Somebody else may have gone further meanwhile.
    if (kept.index < index || (kept.index == index && kept.hashes.size() < known.hashes.size())) {
      kept = known;
    }
  }
  known.hashes.resize(count);
  return std::move(known.hashes);
}

}  // namespace hansard::rocks
