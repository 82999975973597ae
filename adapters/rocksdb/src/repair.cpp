#include "repair.h"

#include "index_writer.h"
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
  IndexWriter rebuild(database, core::MerkleEdge(hasher), hasher);
  Status added = Ok{};
  const auto read = read_events(database, Position{0}, *end, [&](const core::RecordedEvent& event) {
    added = rebuild.add(event);
    if (added && rebuild.bytes() >= kBatchBytes) added = rebuild.write(false);
    return added.has_value();
  });
  if (!read) return read.error();
  if (!added) return added;
  return rebuild.write(true);
}

}  // namespace hansard::rocks
