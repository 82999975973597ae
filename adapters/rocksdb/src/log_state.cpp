#include "log_state.h"

#include <cstring>

#include "core/event_bytes.h"
#include "reading.h"

namespace hansard::rocks {
namespace {

using core::Hash;
using core::Position;

}  // namespace

core::Result<std::vector<Hash>> read_tile(const Database& database, std::uint8_t level,
                                          std::uint64_t index) {
  const std::string doing =
      "Merkle tile " + std::to_string(index) + " of level " + std::to_string(level);
  const auto bytes = database.get(Family::merkle, tile_key(level, index), "reading " + doing);
  if (!bytes) return bytes.error();
  std::vector<Hash> hashes(core::kTileWidth);
  if (!*bytes || (*bytes)->size() != hashes.size() * sizeof(Hash)) {
    return core::Error{core::Errc::corruption, doing + (*bytes ? " is malformed" : " is missing")};
  }
  std::memcpy(hashes.data(), (*bytes)->data(), (*bytes)->size());
  return hashes;
}

core::Result<std::vector<Hash>> computed_entries(const Database& database,
                                                 const core::Hasher& hasher, std::uint8_t level,
                                                 std::uint64_t first, std::uint64_t count) {
  std::vector<Hash> hashes;
  if (level == 0) {
    const auto read = read_events(database, Position{first}, Position{first + count},
                                  [&](const core::RecordedEvent& event) {
                                    hashes.push_back(core::leaf_hash(event, hasher));
                                    return true;
                                  });
    if (!read) return read.error();
    return hashes;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto tile = read_tile(database, static_cast<std::uint8_t>(level - 1), first + i);
    if (!tile) return tile.error();
    hashes.push_back(core::merkle_root(hasher, *tile));
  }
  return hashes;
}

core::Result<core::MerkleEdge> edge_at(const Database& database, const core::Hasher& hasher,
                                       std::uint64_t size) {
  return core::MerkleEdge::restore(
      hasher, size, [&](std::uint8_t level, std::uint64_t index, std::uint64_t count) {
        return computed_entries(database, hasher, level, index * core::kTileWidth, count);
      });
}

core::Result<LogState> load_log_state(const Database& database, const core::Hasher& hasher) {
  const auto end = stored_end(database);
  if (!end) return end.error();
  auto edge = edge_at(database, hasher, end->value);
  if (!edge) return edge.error();

  core::SequencerState state;
  state.next = *end;
  if (end->value != 0) {
    rocksdb::PinnableSlice value;
    const auto last = read_event(database, Position{end->value - 1}, value);
    if (!last) return last.error();
    state.recorded_at = last->recorded_at;
  }
  return LogState{state, *std::move(edge)};
}

}  // namespace hansard::rocks
