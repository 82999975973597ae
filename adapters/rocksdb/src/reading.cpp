#include "reading.h"

#include <algorithm>

#include "core/event_bytes.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Position;
using core::RecordedEvent;
using core::Result;
using core::Version;

/// Scans longer than this leave the block cache to those who come back for the same blocks.
constexpr std::uint64_t kCachedScanEvents = 4096;
constexpr std::size_t kScanReadahead = 1U << 20;
/// Runs of at least this many events are read with one iterator, shorter ones key by key: a seek
/// costs about as much as three point reads.
constexpr std::uint32_t kIteratedRun = 4;

std::string reading(Position position) {
  return "reading position " + std::to_string(position.value);
}

Error closing() { return Error{Errc::unavailable, "the store is being closed or reopened"}; }

rocksdb::Slice slice(const std::array<char, 8>& key) { return {key.data(), key.size()}; }

/// A stored event that the index calls by another name is damage, of the one or the other.
core::Status check_place(const RecordedEvent& event, std::string_view project,
                         std::string_view stream, Version version) {
  if (event.project == project && event.stream == stream && event.version == version) {
    return core::Ok{};
  }
  return Error{Errc::corruption, "position " + std::to_string(event.position.value) +
                                     " is not version " + std::to_string(version.value) +
                                     " of stream '" + std::string(stream) + "', as the index says"};
}

/// Iterator over one stream's runs. The whole prefix is bloom-filtered.
std::unique_ptr<rocksdb::Iterator> run_iterator(const Database& database) {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  return std::unique_ptr<rocksdb::Iterator>(
      database.db().NewIterator(options, database[Family::streams]));
}

Result<std::optional<Run>> run_at(rocksdb::Iterator& runs, std::string_view stream_prefix) {
  if (!runs.Valid()) {
    if (!runs.status().ok()) return translate(runs.status(), "reading the index of a stream");
    return std::optional<Run>{};
  }
  if (!runs.key().starts_with(stream_prefix)) return std::optional<Run>{};
  const auto key = parse_run_key(runs.key().ToStringView());
  if (!key) return Error{Errc::corruption, "a key of the stream index is malformed"};
  auto run = parse_run(*key, runs.value().ToStringView());
  if (!run) return run.error();
  return std::optional<Run>{*run};
}

}  // namespace

Error missing_event(Position position) {
  return Error{Errc::corruption, "position " + std::to_string(position.value) + " is missing"};
}

Result<RecordedEvent> decode_stored(Position position, std::string_view value) {
  const auto bytes = open_value(value);
  if (!bytes) {
    return Error{Errc::corruption, "position " + std::to_string(position.value) +
                                       ": the stored bytes do not match their checksum"};
  }
  auto event = core::decode_event(*bytes);
  if (!event) {
    event.error().message =
        "position " + std::to_string(position.value) + ": " + event.error().message;
    return event.error();
  }
  if (event->position != position) {
    return Error{Errc::corruption, "position " + std::to_string(position.value) +
                                       " holds the event of position " +
                                       std::to_string(event->position.value)};
  }
  return event;
}

Result<RecordedEvent> read_event(const Database& database, Position position,
                                 rocksdb::PinnableSlice& value) {
  value.Reset();
  const auto status = database.db().Get(rocksdb::ReadOptions(), database[Family::events],
                                        slice(event_key(position)), &value);
  if (status.IsNotFound()) return missing_event(position);
  if (!status.ok()) return translate(status, reading(position));
  return decode_stored(position, value.ToStringView());
}

Result<Position> read_events(const Database& database, Position from, Position end,
                             const core::EventSink& sink, const ReadAs& as) {
  if (from >= end) return from;
  const auto end_key = event_key(end);
  const rocksdb::Slice upper = slice(end_key);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  if (end.value - from.value > kCachedScanEvents) {
    options.fill_cache = false;
    options.readahead_size = kScanReadahead;
  }
  const auto iterate = [&] {
    std::unique_ptr<rocksdb::Iterator> iterator(
        database.db().NewIterator(options, database[Family::events]));
    iterator->Seek(slice(event_key(from)));
    return iterator;
  };
  std::uint64_t renewal = database.renewal();
  auto events = iterate();
  for (; from < end; events->Next()) {
    if (database.closing()) return closing();
    if (renewal != database.renewal()) {
      renewal = database.renewal();
      events.reset();  // whatever it held on to may go
      events = iterate();
    }
    if (!events->Valid()) {
      if (!events->status().ok()) return translate(events->status(), reading(from));
      return missing_event(from);
    }
    if (parse_event_key(events->key().ToStringView()) != from) return missing_event(from);
    const auto event = decode_stored(from, events->value().ToStringView());
    if (!event) return event.error();
    ++from.value;
    if (!as.give(*event, sink)) return from;
  }
  return from;
}

Result<std::optional<Run>> last_run(const Database& database, std::string_view stream_prefix,
                                    Position end) {
  std::string target(stream_prefix);
  put_be64(target, ~std::uint64_t{0});
  const auto runs = run_iterator(database);
  for (runs->SeekForPrev(target);; runs->Prev()) {
    auto run = run_at(*runs, stream_prefix);
    if (!run || !*run || (*run)->first_position < end) return run;
  }
}

Result<Version> read_stream_events(const Database& database, std::string_view project,
                                   std::string_view stream, Version from, Position end,
                                   const core::EventSink& sink, const ReadAs& as) {
  std::string prefix;
  put_stream_prefix(prefix, project, stream);
  std::string target = prefix;
  put_be64(target, from.value);
  const auto runs = run_iterator(database);
  runs->SeekForPrev(target);  // the run that holds `from`, if any: there is none before version 0
  rocksdb::PinnableSlice value;
  bool stopped = false;
  while (true) {
    const auto found = run_at(*runs, prefix);
    if (!found) return found.error();
    if (!*found || (*found)->first_position >= end) return from;
    const Run& run = **found;
    const std::uint64_t run_end = run.first_version.value + run.count;
    if (run.first_version > from) {
      return Error{Errc::corruption, "version " + std::to_string(from.value) + " of stream '" +
                                         std::string(stream) + "' is missing in the index"};
    }
    Position position{run.first_position.value + (from.value - run.first_version.value)};
    if (from.value < run_end && run_end - from.value >= kIteratedRun) {
      const Position stop = std::min(end, Position{position.value + (run_end - from.value)});
      core::Status wrong = core::Ok{};
      const auto next = read_events(
          database, position, stop,
          [&](const RecordedEvent& event) {
            wrong = check_place(event, project, stream, from);
            if (!wrong) return false;
            ++from.value;
            stopped = !sink(event);
            return !stopped;
          },
          as);
      if (!next) return next.error();
      if (!wrong) return wrong.error();
      position = stop;
    }
    for (; !stopped && from.value < run_end && position < end; ++position.value) {
      if (database.closing()) return closing();
      const auto event = read_event(database, position, value);
      if (!event) return event.error();
      if (auto placed = check_place(*event, project, stream, from); !placed) return placed.error();
      ++from.value;
      stopped = !as.give(*event, sink);
    }
    if (stopped) return from;
    runs->Next();
  }
}

Result<std::optional<Position>> find_id(const Database& database, std::string_view project,
                                        const core::EventId& id) {
  std::string key;
  put_id_key(key, project, id);
  rocksdb::PinnableSlice value;
  const auto status = database.db().Get(rocksdb::ReadOptions(), database[Family::ids], key, &value);
  if (status.IsNotFound()) return std::optional<Position>{};
  const std::string doing = "reading the index of event " + core::to_string(id);
  if (!status.ok()) return translate(status, doing);
  if (value.size() != 8) return Error{Errc::corruption, doing + ": the entry is malformed"};
  return std::optional<Position>{Position{get_be64(value.ToStringView())}};
}

Result<Position> stored_end(const Database& database) {
  const std::unique_ptr<rocksdb::Iterator> events(
      database.db().NewIterator(rocksdb::ReadOptions(), database[Family::events]));
  events->SeekToLast();
  if (!events->Valid()) {
    if (!events->status().ok()) return translate(events->status(), "finding the end of the log");
    return Position{0};
  }
  const auto last = parse_event_key(events->key().ToStringView());
  if (!last) return Error{Errc::corruption, "the last key of the log is malformed"};
  return Position{last->value + 1};
}

}  // namespace hansard::rocks
