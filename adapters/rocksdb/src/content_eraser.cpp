#include "content_eraser.h"

#include <rocksdb/sst_file_writer.h>
#include <rocksdb/utilities/debug.h>

#include <algorithm>

#include "compaction_pace.h"
#include "core/event_bytes.h"
#include "reading.h"
#include "status.h"
#include "view_store.h"

namespace hansard::rocks {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Position;
using core::PositionRange;
using core::PositionSet;
using core::Result;
using core::Status;

/// Files with stripped events, until the database has taken them.
constexpr std::string_view kStrippedPrefix = "stripped-";
constexpr std::uint64_t kStrippedFileBytes = 64U << 20;
/// Positions looked at with one call that lists versions of keys; each value is copied.
constexpr std::uint64_t kListedAtOnce = 256;
/// What holds a file tells nobody when it lets go.
constexpr std::chrono::milliseconds kLook{20};
/// A compaction of RocksDB's own may have moved a version past ours; then once more.
constexpr int kCompactionsMax = 4;

std::string text_key(Position position) {
  const auto key = event_key(position);
  return {key.data(), key.size()};
}

bool overlaps(const rocksdb::LiveFileMetaData& file, const std::string& first,
              const std::string& end) {
  return file.largestkey >= first && (end.empty() || file.smallestkey < end);
}

}  // namespace

Status RocksEraser::check_running() const {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Error{Errc::cancelled, "the store is closing"};
  return Ok{};
}

void RocksEraser::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  if (auto database = parts_.databases.get()) {
    (*database)->compacting_no_more().store(true, std::memory_order_relaxed);
  }
  changed_.notify_all();
}

Error RocksEraser::failure(std::uint64_t epoch, const rocksdb::Status& status,
                           std::string_view doing) {
  auto error = translate(status, doing);
  if (auto running = check_running(); !running) return running.error();
  if (status.IsIncomplete() || status.IsAborted()) return {Errc::unavailable, error.message};
  if (parts_.failed) parts_.failed(epoch, error);
  return error;
}

Status RocksEraser::flush(Database& database) {
  const std::uint64_t epoch = parts_.databases.epoch();
  // What it keeps for a reopening is older than what is flushed below.
  if (auto flushed = parts_.views.flush(); !flushed) return flushed;
  rocksdb::VectorLogPtr logs;
  auto status = database.db().GetSortedWalFiles(logs);
  if (!status.ok()) return translate(status, "listing the write-ahead logs");
  const std::uint64_t newest = logs.empty() ? 0 : logs.back()->LogNumber();
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  for (std::size_t i = 0; i < kFamilies; ++i) families.push_back(database[static_cast<Family>(i)]);
  status = database.db().Flush(rocksdb::FlushOptions(), families);
  if (!status.ok()) return failure(epoch, status, "flushing before an erasure");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (true) {
    logs.clear();
    status = database.db().GetSortedWalFiles(logs);
    if (!status.ok()) return translate(status, "listing the write-ahead logs");
    const bool gone = std::none_of(logs.begin(), logs.end(), [newest](const auto& log) {
      return log->LogNumber() <= newest && log->SizeFileBytes() != 0;
    });
    if (gone) return Ok{};
    if (std::chrono::steady_clock::now() >= until) {
      return Error{Errc::unavailable, "a write-ahead log from before is still in use"};
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLook, [this] { return stopping_; });
    if (stopping_) return Error{Errc::cancelled, "the store is closing"};
  }
}

std::vector<PositionSet> RocksEraser::pieces(const Database& database,
                                             const PositionSet& positions) const {
  // A table that spans from one end of the log to the other would be merged with everything.
  rocksdb::ColumnFamilyMetaData meta;
  database.db().GetColumnFamilyMetaData(database[Family::events], &meta);
  std::vector<std::uint64_t> cuts;
  for (auto level = meta.levels.rbegin(); level != meta.levels.rend() && cuts.empty(); ++level) {
    for (const auto& file : level->files) {
      if (const auto end = parse_event_key(file.largestkey)) cuts.push_back(end->value + 1);
    }
  }
  std::sort(cuts.begin(), cuts.end());
  std::vector<PositionSet> pieces;
  std::optional<std::size_t> last;
  for (PositionRange range : positions.ranges()) {
    while (range.from < range.end) {
      const auto cut = std::upper_bound(cuts.begin(), cuts.end(), range.from.value);
      const auto index = static_cast<std::size_t>(cut - cuts.begin());
      const Position end = cut == cuts.end() ? range.end : std::min(range.end, Position{*cut});
      if (last != index) pieces.emplace_back();
      last = index;
      pieces.back().add(PositionRange{range.from, end});
      range.from = end;
    }
  }
  return pieces;
}

Status RocksEraser::strip(Database& database, const std::vector<PositionSet>& pieces,
                          EraseReport& report) {
  const std::uint64_t epoch = parts_.databases.epoch();
  rocksdb::Options options(db_options(parts_.engine),
                           family_options(parts_.engine, Family::events));
  rocksdb::Env& env = *parts_.engine.env;
  std::vector<std::string> names;
  std::vector<std::string> left_over;
  (void)env.GetChildren(parts_.directory.string(), &left_over);
  for (const std::string& name : left_over) {
    if (name.starts_with(kStrippedPrefix)) (void)env.DeleteFile((parts_.directory / name).string());
  }
  const auto discard = [&] {
    for (const std::string& name : names) (void)env.DeleteFile(name);
  };

  std::unique_ptr<rocksdb::SstFileWriter> writer;
  const auto finish = [&]() -> Status {
    if (!writer) return Ok{};
    const auto status = writer->Finish();
    writer.reset();
    if (!status.ok()) return translate(status, "writing stripped events");
    return Ok{};
  };
  const auto put = [&](Position position, const std::string& value) -> Status {
    if (!writer) {
      names.push_back((parts_.directory /
                       (std::string(kStrippedPrefix) + std::to_string(names.size()) + ".sst"))
                          .string());
      rocksdb::EnvOptions files;
      files.bytes_per_sync = options.bytes_per_sync;
      writer = std::make_unique<rocksdb::SstFileWriter>(files, options, database[Family::events]);
      const auto opened = writer->Open(names.back());
      if (!opened.ok()) return translate(opened, "creating a file for stripped events");
    }
    const auto key = event_key(position);
    const auto status = writer->Put(rocksdb::Slice(key.data(), key.size()), value);
    if (!status.ok()) return translate(status, "writing stripped events");
    return writer->FileSize() < kStrippedFileBytes ? Status(Ok{}) : finish();
  };

  rocksdb::PinnableSlice value;
  for (const PositionSet& piece : pieces) {
    Status done = Ok{};
    for (const PositionRange& range : piece.ranges()) {
      for (Position at = range.from; at < range.end && done; ++at.value) {
        if (database.closing()) {
          done = Error{Errc::unavailable, "the store is being closed or reopened"};
          break;
        }
        const auto event = read_event(database, at, value);
        if (!event) {
          done = event.error();
        } else if (event->erased) {
          ++report.already;
        } else {
          std::string stripped = core::erase_content(*event, *parts_.options.hasher);
          seal_value(stripped);
          done = put(at, stripped);
          ++report.events;
        }
      }
    }
    if (done) done = finish();
    if (!done) {
      writer.reset();
      discard();
      return done;
    }
  }
  if (names.empty()) return Ok{};
  rocksdb::IngestExternalFileOptions ingest;
  ingest.move_files = true;
  ingest.write_global_seqno = false;
  const auto taken = database.db().IngestExternalFile(database[Family::events], names, ingest);
  discard();  // taken, they have another name
  if (!taken.ok()) return failure(epoch, taken, "taking in stripped events");
  return Ok{};
}

RocksEraser::FileNames RocksEraser::files_of(const Database& database,
                                             const Stretches& stretches) const {
  std::vector<rocksdb::LiveFileMetaData> files;
  database.db().GetLiveFilesMetaData(&files);
  FileNames names;
  for (const auto& file : files) {
    const bool concerned =
        stretches.empty() ||
        std::any_of(stretches.begin(), stretches.end(), [&](const Stretch& each) {
          return file.column_family_name == kFamilyNames[static_cast<std::size_t>(each.family)] &&
                 overlaps(file, each.first, each.end);
        });
    if (concerned) names.push_back(file.relative_filename);
  }
  return names;
}

Status RocksEraser::compact(Database& database, const Stretches& stretches) {
  const std::uint64_t epoch = parts_.databases.epoch();
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.max_subcompactions = 1;
  options.canceled = &database.compacting_no_more();
  const CompactionPace::Slow slow(*parts_.engine.pace);
  for (const Stretch& stretch : stretches) {
    if (auto running = check_running(); !running) return running;
    const rocksdb::Slice first(stretch.first);
    const rocksdb::Slice end(stretch.end);
    const auto status = database.db().CompactRange(options, database[stretch.family], &first,
                                                   stretch.end.empty() ? nullptr : &end);
    if (!status.ok()) return failure(epoch, status, "compacting after an erasure");
  }
  return Ok{};
}

Result<bool> RocksEraser::is_stripped(const Database& database,
                                      const PositionSet& positions) const {
  std::vector<rocksdb::KeyVersion> versions;
  for (const PositionRange& range : positions.ranges()) {
    for (Position from = range.from; from < range.end;) {
      if (auto running = check_running(); !running) return running.error();
      const Position end{std::min(range.end.value, from.value + kListedAtOnce)};
      versions.clear();
      const auto status = rocksdb::GetAllKeyVersions(
          &database.db(), database[Family::events], text_key(from),
          text_key(Position{end.value - 1}), 4 * kListedAtOnce, &versions);
      if (!status.ok()) return translate(status, "listing versions of erased events");
      if (versions.size() != end.value - from.value) return false;
      for (const auto& version : versions) {
        const auto event = decode_stored(from, version.value);
        if (!event) return event.error();
        if (!event->erased) return false;
        ++from.value;
      }
    }
  }
  return true;
}

Result<RocksEraser::FileNames> RocksEraser::tables_on_disk() const {
  FileNames names;
  const auto status = parts_.engine.env->GetChildren((parts_.directory / "db").string(), &names);
  if (!status.ok()) return translate(status, "listing the files of the database");
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".sst"); });
  return names;
}

Status RocksEraser::wait_for_deletions(Database& database, std::chrono::milliseconds patience) {
  auto waited_for = tables_on_disk();
  if (!waited_for) return waited_for.error();
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    const auto there = tables_on_disk();
    if (!there) return there.error();
    const FileNames live = files_of(database, {});
    std::erase_if(*waited_for, [&](const std::string& name) {
      return std::find(there->begin(), there->end(), name) == there->end() ||
             std::find(live.begin(), live.end(), name) != live.end();
    });
    if (waited_for->empty()) return Ok{};
    if (database.closing()) {
      return Error{Errc::unavailable, "the store is being closed or reopened"};
    }
    if (std::chrono::steady_clock::now() >= until) {
      return Error{Errc::unavailable, "a reader or a backup still holds " + waited_for->front() +
                                          ", which may have erased content"};
    }
    database.renew_readers();
    // Files are deleted when somebody looks for those that may go.
    (void)database.db().DisableFileDeletions();
    (void)database.db().EnableFileDeletions(false);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLook, [this] { return stopping_; });
    if (stopping_) return Error{Errc::cancelled, "the store is closing"};
  }
}

Result<EraseReport> RocksEraser::erase(const PositionSet& positions, const EraseOptions& options) {
  if (parts_.options.read_only) {
    return Error{Errc::unsupported, "the store was opened read-only"};
  }
  if (auto running = check_running(); !running) return running.error();
  const std::uint64_t epoch = parts_.databases.epoch();
  const auto held = parts_.databases.get();
  if (!held) return held.error();
  Database& database = **held;
  const auto phase = [&options](std::string_view name) {
    if (options.phase) options.phase(name);
  };
  EraseReport report;

  phase("flushing");
  if (auto flushed = flush(database); !flushed) return flushed.error();
  const std::vector<PositionSet> cut = pieces(database, positions);
  Stretches stretches;
  for (const PositionSet& piece : cut) {
    stretches.push_back({Family::events, text_key(piece.ranges().front().from),
                         text_key(piece.ranges().back().end)});
  }
  for (const std::string& view : options.views) {
    std::string prefix;
    put_short(prefix, view);
    stretches.push_back({Family::views, prefix, after_prefix(prefix).value_or(std::string())});
  }
  FileNames old = files_of(database, stretches);

  phase("stripping");
  if (auto stripped = strip(database, cut, report); !stripped) return stripped.error();

  phase("waiting");
  database.renew_readers();
  database.outlive_pins(database.db().GetLatestSequenceNumber(), options.readers_patience);

  for (int round = 0;; ++round) {
    phase("compacting");
    if (auto compacted = compact(database, stretches); !compacted) return compacted.error();
    phase("checking");
    const auto stripped = is_stripped(database, positions);
    if (!stripped) return stripped.error();
    if (*stripped) break;
    if (round + 1 == kCompactionsMax) {
      return Error{Errc::unavailable, "older versions of erased events are still in the tables"};
    }
    database.outlive_pins(database.db().GetLatestSequenceNumber(), options.readers_patience);
  }
  // What the compactions took part of is replaced; what they left alone holds nothing of this.
  const FileNames live = files_of(database, {});
  std::erase_if(old, [&](const std::string& name) {
    return std::find(live.begin(), live.end(), name) != live.end();
  });
  if (auto gone = wait_for_deletions(database, options.files_patience); !gone) {
    return gone.error();
  }
  if (parts_.databases.epoch() != epoch) {
    return Error{Errc::unavailable, "the store was reopened during the erasure"};
  }
  report.files_rewritten = old.size();
  return report;
}

}  // namespace hansard::rocks
