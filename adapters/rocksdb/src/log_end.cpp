#include "log_end.h"

#include <rocksdb/write_batch.h>

#include "reading.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Position;
using core::Status;

constexpr std::uint8_t kTileLevels = 8;

struct Gap {
  Position first_missing;
  std::vector<Position> behind;  ///< events that are there nevertheless
};

core::Result<Gap> find_gap(const Database& database, Position from) {
  const std::unique_ptr<rocksdb::Iterator> events(
      database.db().NewIterator(rocksdb::ReadOptions(), database[Family::events]));
  const auto key = event_key(from);
  Gap gap{from, {}};
  for (events->Seek({key.data(), key.size()}); events->Valid(); events->Next()) {
    const auto position = parse_event_key(events->key().ToStringView());
    if (!position) return Error{Errc::corruption, "a key of the log is malformed"};
    if (*position == gap.first_missing && gap.behind.empty()) {
      ++gap.first_missing.value;
    } else {
      gap.behind.push_back(*position);
    }
  }
  if (!events->status().ok()) return translate(events->status(), "finding the end of the log");
  return gap;
}

void drop(const Database& database, Family family, const rocksdb::Slice& key,
          rocksdb::WriteBatch& batch) {
  const auto added = batch.Delete(database[family], key);
  HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
}

Status drop_event(const Database& database, Position position, rocksdb::WriteBatch& batch) {
  rocksdb::PinnableSlice value;
  const auto event = read_event(database, position, value);
  if (!event) return event.error();
  std::string key;
  put_id_key(key, event->project, event->id);
  drop(database, Family::ids, key, batch);
  // Most events start no run of their stream; dropping a key that is not there does no harm.
  key.clear();
  put_stream_prefix(key, event->project, event->stream);
  put_be64(key, event->version.value);
  drop(database, Family::streams, key, batch);
  const auto place = event_key(position);
  drop(database, Family::events, {place.data(), place.size()}, batch);
  return Ok{};
}

Status drop_tiles(const Database& database, Position end, rocksdb::WriteBatch& batch) {
  const std::unique_ptr<rocksdb::Iterator> tiles(
      database.db().NewIterator(rocksdb::ReadOptions(), database[Family::merkle]));
  for (std::uint8_t level = 0; level < kTileLevels; ++level) {
    const int bits = 8 * (level + 1);  // of the leaves below one tile
    const std::uint64_t first = bits < 64 ? end.value >> bits : 0;
    const std::string key = tile_key(level, first);
    for (tiles->Seek(key); tiles->Valid() && tiles->key()[0] == key[0]; tiles->Next()) {
      drop(database, Family::merkle, tiles->key(), batch);
    }
    if (!tiles->status().ok()) return translate(tiles->status(), "reading the Merkle tiles");
  }
  return Ok{};
}

}  // namespace

Status drop_behind_gap(const Database& database, Position acknowledged, bool read_only,
                       const std::function<void(std::string_view)>& notice) {
  const auto gap = find_gap(database, acknowledged);
  if (!gap) return gap.error();
  if (gap->behind.empty()) return Ok{};
  const std::string what = std::to_string(gap->behind.size()) +
                           " events that were never acknowledged follow a gap at position " +
                           std::to_string(gap->first_missing.value);
  if (read_only) {
    return Error{Errc::unavailable, what + "; open the log for writing once, to drop them"};
  }
  rocksdb::WriteBatch batch;
  for (const Position position : gap->behind) {
    if (auto dropped = drop_event(database, position, batch); !dropped) return dropped;
  }
  if (auto dropped = drop_tiles(database, gap->first_missing, batch); !dropped) return dropped;
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = database.db().Write(options, &batch);
  if (!status.ok()) return translate(status, "dropping what follows a gap");
  if (notice) notice(what + "; dropped");
  return Ok{};
}

}  // namespace hansard::rocks
