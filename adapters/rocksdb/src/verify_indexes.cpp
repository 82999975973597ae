#include "reading.h"
#include "status.h"
#include "verify_parts.h"
#include "verify_tasks.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Position;
using core::Status;

/// Calls `entry(key, value)` for each entry of a family, in key order, until it says false.
template <class Entry>
Status scan(const Database& database, Family family, FaultLog& faults, const Entry& entry) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  options.readahead_size = 1U << 20;
  const std::unique_ptr<rocksdb::Iterator> entries(
      database.db().NewIterator(options, database[family]));
  for (entries->SeekToFirst(); entries->Valid(); entries->Next()) {
    if (database.closing())
      return Error{Errc::unavailable, "the store is being closed or reopened"};
    entry(entries->key().ToStringView(), entries->value().ToStringView());
  }
  if (entries->status().ok()) return core::Ok{};
  auto error = translate(entries->status(), std::string("reading the family ") +
                                                kFamilyNames[static_cast<std::size_t>(family)]);
  if (error.code != Errc::corruption) return error;
  faults.index(Position{0}, error.message);
  return core::Ok{};
}

bool inside(const VerifyRange& range, std::uint64_t position) {
  return position >= range.from.value && position < range.end.value;
}

/// One past the last position of a run, whatever its numbers are.
Position end_of(const Run& run) {
  const std::uint64_t first = run.first_position.value;
  return Position{std::max(first, first + run.count)};
}

/// An index and its events are written together: whatever is named is there afterwards, also what
/// was appended meanwhile.
Status check_end(const Database& database, Position named, const char* index, FaultLog& faults) {
  const auto end = stored_end(database);
  if (!end) return end.error();
  if (named > *end) {
    faults.index(Position{named.value - 1}, std::string(index) + " names it, but the log ends at " +
                                                std::to_string(end->value));
  }
  return core::Ok{};
}

/// What a scan of `streams` looks at: well-formed runs in key order.
template <class EachRun>
Status scan_runs(const Database& database, Position visible, FaultLog& faults,
                 const EachRun& each_run) {
  Position named;
  auto scanned =
      scan(database, Family::streams, faults, [&](std::string_view key, std::string_view value) {
        const auto run_key = parse_run_key(key);
        if (!run_key) return faults.index(Position{0}, "a key of the stream index is malformed");
        const auto run = parse_run(*run_key, value);
        if (!run) return faults.index(Position{0}, run.error().message);
        named = std::max(named, end_of(*run));
        if (run->first_position < visible) each_run(*run_key, *run);
      });
  if (!scanned) return scanned;
  return check_end(database, named, "the stream index", faults);
}

template <class EachId>
Status scan_ids(const Database& database, Position visible, FaultLog& faults,
                const EachId& each_id) {
  Position named;
  auto scanned =
      scan(database, Family::ids, faults, [&](std::string_view key, std::string_view value) {
        const auto id = parse_id_key(key);
        if (!id || value.size() != 8) {
          return faults.index(Position{0}, "an entry of the id index is malformed");
        }
        const Position position{get_be64(value)};
        // The last number there is would have none behind it.
        named = std::max(named, Position{std::max(position.value, position.value + 1)});
        if (position < visible) each_id(key, *id, position);
      });
  if (!scanned) return scanned;
  return check_end(database, named, "the id index", faults);
}

/// Runs of one stream follow each other without a gap or an overlap, in both numbers.
class GapCheck {
 public:
  explicit GapCheck(FaultLog& faults) : faults_(faults) {}

  void next(const RunKey& key, const Run& run) {
    ++faults_.report().runs;
    const bool same_stream = key.prefix == prefix_;
    if (!same_stream) {
      ++faults_.report().streams;
      prefix_ = key.prefix;
      version_ = 0;
    }
    const std::string stream(key.stream);
    if (run.first_version.value != version_) {
      faults_.index(run.first_position, "stream '" + stream + "' goes on with version " +
                                            std::to_string(run.first_version.value) +
                                            " instead of " + std::to_string(version_));
    } else if (same_stream && run.first_position.value < position_) {
      faults_.index(run.first_position, "versions of stream '" + stream + "' go back in position");
    }
    version_ = run.first_version.value + run.count;
    position_ = run.first_position.value + run.count;
  }

 private:
  FaultLog& faults_;
  std::string prefix_;
  std::uint64_t version_ = 0;
  std::uint64_t position_ = 0;
};

// ---- only when the sums differ: which entries are wrong, one lookup each

Status find_missing_entries(const Database& database, const VerifyRange& range, FaultLog& faults) {
  Status outcome = core::Ok{};
  rocksdb::PinnableSlice value;
  for (Position position = range.from; position < range.end && outcome; ++position.value) {
    if (faults.is_lost(position)) continue;
    const auto event = read_event(database, position, value);
    if (!event) return event.error();
    const auto by_id = find_id(database, event->project, event->id);
    if (!by_id && by_id.error().code != Errc::corruption) return by_id.error();
    if (!by_id || *by_id != position) {
      faults.index(position, "the id index does not name it under " + core::to_string(event->id));
    }
    std::optional<Position> by_version;
    const auto read =
        read_stream_events(database, event->project, event->stream, event->version,
                           Position{position.value + 1}, [&](const core::RecordedEvent& found) {
                             by_version = found.position;
                             return false;
                           });
    if (!read && read.error().code != Errc::corruption) return read.error();
    if (by_version != position) {
      faults.index(position, "the index of stream '" + std::string(event->stream) +
                                 "' does not name it under version " +
                                 std::to_string(event->version.value));
    }
  }
  return outcome;
}

Status find_extra_entries(const Database& database, const VerifyRange& range, Position visible,
                          FaultLog& faults) {
  rocksdb::PinnableSlice value;
  Status outcome = core::Ok{};
  const auto event_at = [&](Position position) -> std::optional<core::RecordedEvent> {
    if (!inside(range, position.value) || faults.is_lost(position)) return {};
    auto event = read_event(database, position, value);
    if (event) return *event;
    if (event.error().code != Errc::corruption) outcome = event.error();
    return {};
  };
  auto scanned = scan_ids(
      database, visible, faults, [&](std::string_view, const IdKey& id, Position position) {
        const auto event = event_at(position);
        if (!event || (event->id == id.id && event->project == id.project)) return;
        faults.index(position, "the id index names it as " + core::to_string(id.id));
      });
  if (!scanned) return scanned;
  scanned = scan_runs(database, visible, faults, [&](const RunKey& key, const Run& run) {
    const std::uint64_t end = std::min(end_of(run), visible).value;
    for (std::uint64_t i = 0; run.first_position.value + i < end; ++i) {
      const Position position{run.first_position.value + i};
      const auto event = event_at(position);
      if (!event) continue;
      if (event->project == key.project && event->stream == key.stream &&
          event->version.value == run.first_version.value + i) {
        continue;
      }
      faults.index(position, "the index of stream '" + std::string(key.stream) +
                                 "' names it as version " +
                                 std::to_string(run.first_version.value + i));
    }
  });
  return scanned ? outcome : scanned;
}

}  // namespace

Status verify_indexes(const Database& database, const VerifyRange& range, Position visible,
                      const IndexSums& expected, unsigned threads, FaultLog& faults) {
  const auto counted = [&](std::uint64_t position) {
    return inside(range, position) && !faults.is_lost(Position{position});
  };
  struct Found {
    FaultLog faults;
    SetSum sum;
  };
  const auto runs = [&](Found& found) {
    GapCheck gaps(found.faults);
    return scan_runs(database, visible, found.faults, [&](const RunKey& key, const Run& run) {
      gaps.next(key, run);
      const std::uint64_t end = std::min(end_of(run), visible).value;
      for (std::uint64_t i = 0; run.first_position.value + i < end; ++i) {
        const std::uint64_t position = run.first_position.value + i;
        if (counted(position)) found.sum.add(key.prefix, run.first_version.value + i, position);
      }
    });
  };
  const auto ids = [&](Found& found) {
    return scan_ids(database, visible, found.faults,
                    [&](std::string_view key, const IdKey&, Position position) {
                      if (counted(position.value)) found.sum.add(key, position.value, 0);
                    });
  };
  const auto scan_one = [&](std::uint64_t i) -> core::Result<Found> {
    Found found;
    auto scanned = i == 0 ? runs(found) : ids(found);
    if (!scanned) return scanned.error();
    return found;
  };
  std::vector<Found> both;
  auto scanned = in_order<Found>(2, threads, scan_one, [&](Found found) -> Status {
    both.push_back(std::move(found));
    return core::Ok{};
  });
  if (!scanned) return scanned;
  const IndexSums found{both[0].sum, both[1].sum};
  for (Found& each : both) faults.add(std::move(each.faults));
  if (found.runs == expected.runs && found.ids == expected.ids) return core::Ok{};
  if (auto missing = find_missing_entries(database, range, faults); !missing) return missing;
  return find_extra_entries(database, range, visible, faults);
}

}  // namespace hansard::rocks
