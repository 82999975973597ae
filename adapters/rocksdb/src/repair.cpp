#include "repair.h"

#include <rocksdb/write_batch.h>

#include "core/event_bytes.h"
#include "reading.h"
#include "status.h"

namespace hansard::rocks {
namespace {

using core::Ok;
using core::Position;
using core::Status;

constexpr std::size_t kBatchBytes = 4U << 20;

Status delete_from(const Database& database, Family family, std::string_view first) {
  const std::string last(64, '\xff');  // after every key of the families named below
  const auto status =
      database.db().DeleteRange(rocksdb::WriteOptions(), database[family], first, last);
  if (!status.ok()) return translate(status, "dropping what the lost events left behind");
  return Ok{};
}

/// The first position that is not there.
core::Result<Position> first_missing(const Database& database) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = 2U << 20;
  const std::unique_ptr<rocksdb::Iterator> events(
      database.db().NewIterator(options, database[Family::events]));
  Position next{0};
  for (events->SeekToFirst(); events->Valid(); events->Next(), ++next.value) {
    if (parse_event_key(events->key().ToStringView()) != next) return next;
  }
  if (!events->status().ok()) {
    return translate(events->status(), "reading position " + std::to_string(next.value));
  }
  return next;
}

class IndexRebuild {
 public:
  IndexRebuild(const Database& database, const core::Hasher& hasher)
      : database_(database), hasher_(hasher), edge_(hasher) {}

  Status add(const core::RecordedEvent& event) {
    std::string key;
    put_id_key(key, event.project, event.id);
    std::string position;
    put_be64(position, event.position.value);
    put(Family::ids, key, position);

    key.clear();
    put_stream_prefix(key, event.project, event.stream);
    const bool continues =
        key == run_prefix_ && event.version.value == run_.first_version.value + run_.count;
    if (!continues) {
      end_run();
      run_prefix_ = key;
      run_ = {event.version, event.position, 0};
    }
    ++run_.count;

    edge_.append(core::leaf_hash(event, hasher_), tiles_);
    for (const core::FullTile& tile : tiles_) {
      std::string hashes;
      for (const core::Hash& hash : tile.hashes) hashes += core::as_bytes(hash);
      put(Family::merkle, tile_key(tile.level, tile.index), hashes);
    }
    tiles_.clear();
    return batch_.GetDataSize() < kBatchBytes ? Status(Ok{}) : write(false);
  }
  Status finish() {
    end_run();
    return write(true);
  }

 private:
  void put(Family family, std::string_view key, std::string_view value) {
    const auto added = batch_.Put(database_[family], key, value);
    HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
  }
  void end_run() {
    if (run_prefix_.empty()) return;
    put_be64(run_prefix_, run_.first_version.value);
    std::string value;
    put_run_value(value, run_);
    put(Family::streams, run_prefix_, value);
    run_prefix_.clear();
  }
  Status write(bool sync) {
    rocksdb::WriteOptions options;
    options.sync = sync;
    const auto status = database_.db().Write(options, &batch_);
    batch_.Clear();
    if (!status.ok()) return translate(status, "writing the indexes anew");
    return Ok{};
  }

  const Database& database_;
  const core::Hasher& hasher_;
  core::MerkleEdge edge_;
  rocksdb::WriteBatch batch_;
  std::string run_prefix_;
  Run run_;
  std::vector<core::FullTile> tiles_;
};

}  // namespace

Status repair_indexes(const Database& database, const core::Hasher& hasher,
                      const std::function<void(std::string_view)>& notice) {
  const auto end = first_missing(database);
  if (!end) return end.error();
  if (notice) {
    notice("keeping " + std::to_string(end->value) + " events, writing their indexes anew");
  }
  const auto end_key = event_key(*end);
  if (auto cut = delete_from(database, Family::events, {end_key.data(), end_key.size()}); !cut) {
    return cut;
  }
  for (const Family family : {Family::streams, Family::ids, Family::merkle}) {
    if (auto cut = delete_from(database, family, std::string_view("\0", 1)); !cut) return cut;
  }
  IndexRebuild rebuild(database, hasher);
  Status added = Ok{};
  const auto read = read_events(database, Position{0}, *end, [&](const core::RecordedEvent& event) {
    added = rebuild.add(event);
    return added.has_value();
  });
  if (!read) return read.error();
  if (!added) return added;
  return rebuild.finish();
}

}  // namespace hansard::rocks
