#include "verify_part.h"

#include <algorithm>

#include "core/event_bytes.h"
#include "log_state.h"
#include "reading.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Hash;
using core::Position;
using core::RecordedEvent;
using core::Result;
using core::Status;

/// One event after the other, going on behind those that cannot be read.
class EventScan {
 public:
  EventScan(const Database& database, const VerifyRange& range)
      : database_(database), upper_(event_key(range.end)), upper_slice_(upper_.data(), 8) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper_slice_;
    options.fill_cache = false;
    options.readahead_size = 1U << 20;
    events_.reset(database.db().NewIterator(options, database[Family::events]));
    seek(range.from);
  }

  /// The stored value of `position`, asked in order. Errors: why it cannot be read.
  Result<std::string_view> value(Position position) {
    if (at(position)) return events_->value().ToStringView();
    // The iterator stopped before: the block is damaged, or the key is not there.
    lent_.Reset();
    const auto key = event_key(position);
    const auto status = database_.db().Get(rocksdb::ReadOptions(), database_[Family::events],
                                           rocksdb::Slice(key.data(), key.size()), &lent_);
    if (status.IsNotFound()) return missing_event(position);
    if (!status.ok()) {
      return translate(status, "reading position " + std::to_string(position.value));
    }
    return lent_.ToStringView();
  }
  /// Moves on from `position`.
  void next(Position position) {
    if (at(position)) {
      events_->Next();
    } else if (!events_->Valid() && !events_->status().ok()) {
      seek(Position{position.value + 1});
    }
  }

 private:
  void seek(Position position) {
    const auto key = event_key(position);
    events_->Seek(rocksdb::Slice(key.data(), key.size()));
  }
  [[nodiscard]] bool at(Position position) const {
    return events_->Valid() && parse_event_key(events_->key().ToStringView()) == position;
  }

  const Database& database_;
  const std::array<char, 8> upper_;
  const rocksdb::Slice upper_slice_;
  std::unique_ptr<rocksdb::Iterator> events_;
  rocksdb::PinnableSlice lent_;
};

/// Gathers leaves into tiles of level 0 and compares each that becomes full.
class LeafTiles {
 public:
  LeafTiles(const EventPass& pass, EventPart& part)
      : pass_(pass), part_(part), tile_(part.range.from.value / core::kTileWidth) {
    leaves_.reserve(core::kTileWidth);
    if (part.range.from != pass.from) return;
    if (pass.before) {
      leaves_ = *pass.before;
    } else {
      leaves_.resize(part.range.from.value % core::kTileWidth);
      known_ = false;
    }
  }

  Status add(const Hash& leaf) {
    leaves_.push_back(leaf);
    return leaves_.size() == core::kTileWidth ? end_tile() : core::Ok{};
  }

  /// The leaf of an event that is lost comes from its tile, so that what follows can be compared.
  Status add_lost(Position position) {
    const auto tile = read_tile(pass_.database, 0, tile_);
    if (!tile && tile.error().code != Errc::corruption) return tile.error();
    if (!tile) known_ = false;
    return add(tile ? (*tile)[position.value % core::kTileWidth] : Hash{});
  }

  /// The unfinished tile.
  void finish() {
    if (known_ && !leaves_.empty()) part_.leaves.emplace(tile_, std::move(leaves_));
  }

 private:
  Status end_tile() {
    if (auto compared = compare_tile(pass_.database, 0, tile_, leaves_, part_.faults); !compared) {
      return compared;
    }
    if (known_) {
      part_.roots.emplace_back(core::merkle_root(pass_.hasher, leaves_));
      if (std::binary_search(pass_.keep_tiles.begin(), pass_.keep_tiles.end(), tile_)) {
        part_.leaves.emplace(tile_, leaves_);
      }
    } else {
      part_.roots.emplace_back();
    }
    leaves_.clear();
    known_ = true;
    ++tile_;
    return core::Ok{};
  }

  const EventPass& pass_;
  EventPart& part_;
  std::uint64_t tile_;
  std::vector<Hash> leaves_;
  bool known_ = true;  ///< every one of `leaves_` is
};

bool is_damage(const Error& error) {
  return error.code == Errc::corruption || error.code == Errc::unsupported;
}

}  // namespace

Status compare_tile(const Database& database, std::uint8_t level, std::uint64_t index,
                    const std::vector<Hash>& hashes, FaultLog& faults) {
  ++faults.report().tiles;
  const std::uint64_t entry = std::uint64_t{1} << (8 * level);  // leaves below each hash
  const std::uint64_t first = index * core::kTileWidth * entry;
  const auto stored = read_tile(database, level, index);
  if (!stored) {
    if (stored.error().code != Errc::corruption) return stored.error();
    faults.tree(Position{first}, stored.error().message);
    return core::Ok{};
  }
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (hashes[i] == (*stored)[i]) continue;
    faults.tree(Position{first + i * entry}, "its hash differs from Merkle tile " +
                                                 std::to_string(index) + " of level " +
                                                 std::to_string(level));
    break;
  }
  return core::Ok{};
}

Result<EventPart> verify_part(const EventPass& pass, const VerifyRange& range) {
  EventPart part;
  part.range = range;
  VerifyReport& report = part.faults.report();
  LeafTiles tiles(pass, part);
  EventScan scan(pass.database, range);
  std::string key;
  for (Position position = range.from; position < range.end; ++position.value) {
    if (pass.database.closing()) {
      return Error{Errc::unavailable, "the store is being closed or reopened"};
    }
    const auto value = scan.value(position);
    const auto event =
        value ? decode_stored(position, *value) : Result<RecordedEvent>(value.error());
    if (!event) {
      // A bad checksum and a bad block come to the same: this event cannot be had.
      if (!is_damage(event.error())) return event.error();
      part.faults.lost(position, event.error().message);
      if (auto added = tiles.add_lost(position); !added) return added.error();
      scan.next(position);
      continue;
    }
    ++report.events;
    report.event_bytes += value->size();
    if (part.last_recorded && event->recorded_at < *part.last_recorded) {
      part.faults.event(position, "recorded_at is earlier than that of the event before");
    }
    if (!part.first_recorded) {
      part.first_recorded = event->recorded_at;
      part.first_readable = position;
    }
    part.last_recorded = event->recorded_at;
    key.clear();
    put_stream_prefix(key, event->project, event->stream);
    part.sums.runs.add(key, event->version.value, position.value);
    key.clear();
    put_id_key(key, event->project, event->id);
    part.sums.ids.add(key, position.value, 0);
    if (auto added = tiles.add(core::leaf_hash(*event, pass.hasher)); !added) return added.error();
    scan.next(position);
  }
  tiles.finish();
  return part;
}

}  // namespace hansard::rocks
