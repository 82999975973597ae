#include "core/event_bytes.h"
#include "log_state.h"
#include "reading.h"
#include "status.h"
#include "verify_parts.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Hash;
using core::Position;
using core::RecordedEvent;
using core::Result;
using core::Status;

constexpr std::uint64_t kProgressEvents = 16384;

/// Tiles below this tile's entries: `256^level` leaves each.
std::uint64_t leaves_per_entry(std::uint8_t level) { return std::uint64_t{1} << (8 * level); }

/// One event after the other, going on behind those that cannot be read.
class EventScan {
 public:
  EventScan(const Database& database, const VerifyRange& range)
      : database_(database), upper_(event_key(range.end)), upper_slice_(upper_.data(), 8) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper_slice_;
    options.fill_cache = false;
    options.readahead_size = 2U << 20;
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

/// Grows the tree again from the events and compares each tile that becomes full.
class TreeCheck {
 public:
  TreeCheck(const Database& database, const core::Hasher& hasher, FaultLog& faults)
      : database_(database), hasher_(hasher), faults_(faults), edge_(hasher) {}

  /// Takes the tree before `from` from its stored tiles.
  Status start(Position from) {
    auto edge = edge_at(database_, hasher_, from.value);
    if (edge) {
      edge_ = *std::move(edge);
      known_ = true;
    } else if (edge.error().code == Errc::corruption) {
      faults_.tree(from, "the tree before it cannot be restored: " + edge.error().message);
    } else {
      return edge.error();
    }
    return core::Ok{};
  }

  Status add(const Hash& leaf) {
    if (!known_) return core::Ok{};
    edge_.append(leaf, full_);
    for (const core::FullTile& tile : full_) {
      if (auto compared = compare(tile); !compared) return compared;
    }
    full_.clear();
    return core::Ok{};
  }

  /// The leaf of an event that is lost comes from its tile, so that what follows can be compared.
  Status add_lost(Position position) {
    complete_ = false;
    if (!known_) return core::Ok{};
    const auto tile = read_tile(database_, 0, position.value / core::kTileWidth);
    if (!tile && tile.error().code != Errc::corruption) return tile.error();
    if (!tile) {
      known_ = false;
      return core::Ok{};
    }
    return add((*tile)[position.value % core::kTileWidth]);
  }

  /// The head over all events, when every one of them was read.
  [[nodiscard]] std::optional<core::TreeHead> head() const {
    if (!known_ || !complete_) return {};
    return edge_.head();
  }

 private:
  Status compare(const core::FullTile& tile) {
    ++faults_.report().tiles;
    const std::uint64_t entry = leaves_per_entry(tile.level);
    const std::uint64_t first = tile.index * core::kTileWidth * entry;
    const auto stored = read_tile(database_, tile.level, tile.index);
    if (!stored) {
      if (stored.error().code != Errc::corruption) return stored.error();
      faults_.tree(Position{first}, stored.error().message);
      return core::Ok{};
    }
    for (std::size_t i = 0; i < tile.hashes.size(); ++i) {
      if (tile.hashes[i] == (*stored)[i]) continue;
      faults_.tree(Position{first + i * entry}, "its hash differs from Merkle tile " +
                                                    std::to_string(tile.index) + " of level " +
                                                    std::to_string(tile.level));
      break;
    }
    return core::Ok{};
  }

  const Database& database_;
  const core::Hasher& hasher_;
  FaultLog& faults_;
  core::MerkleEdge edge_;
  std::vector<core::FullTile> full_;
  bool known_ = false;
  bool complete_ = true;
};

bool is_damage(const Error& error) {
  return error.code == Errc::corruption || error.code == Errc::unsupported;
}

}  // namespace

Result<IndexSums> verify_events(const Database& database, const core::Hasher& hasher,
                                const VerifyRange& range, const VerifyOptions& options,
                                FaultLog& faults) {
  IndexSums sums;
  TreeCheck tree(database, hasher, faults);
  if (auto started = tree.start(range.from); !started) return started.error();
  EventScan scan(database, range);
  core::Timestamp recorded_at = core::Timestamp::min();
  std::string key;
  for (Position position = range.from; position < range.end; ++position.value) {
    if (database.closing())
      return Error{Errc::unavailable, "the store is being closed or reopened"};
    if (position.value % kProgressEvents == 0 && options.progress &&
        !options.progress(position, range.end)) {
      return Error{Errc::cancelled, "verifying was stopped"};
    }
    const auto value = scan.value(position);
    const auto event =
        value ? decode_stored(position, *value) : Result<RecordedEvent>(value.error());
    if (!event) {
      // A bad checksum and a bad block come to the same: this event cannot be had.
      if (!is_damage(event.error())) return event.error();
      faults.lost(position, event.error().message);
      if (auto added = tree.add_lost(position); !added) return added.error();
      scan.next(position);
      continue;
    }
    ++faults.report().events;
    faults.report().event_bytes += value->size();
    if (event->recorded_at < recorded_at) {
      faults.event(position, "recorded_at is earlier than that of the event before");
    }
    recorded_at = std::max(recorded_at, event->recorded_at);
    key.clear();
    put_stream_prefix(key, event->project, event->stream);
    sums.runs.add(key, event->version.value, position.value);
    key.clear();
    put_id_key(key, event->project, event->id);
    sums.ids.add(key, position.value, 0);
    if (auto added = tree.add(core::leaf_hash(*event, hasher)); !added) return added.error();
    scan.next(position);
  }
  faults.report().tree = tree.head();
  return sums;
}

}  // namespace hansard::rocks
