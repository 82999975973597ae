#include "index_writer.h"

#include "core/event_bytes.h"
#include "status.h"

namespace hansard::rocks {

using core::Ok;
using core::Status;

Status IndexWriter::add(const core::RecordedEvent& event, std::string_view stored) {
  const auto position_key = event_key(event.position);
  const std::string_view position(position_key.data(), position_key.size());
  if (!stored.empty()) {
    value_.assign(stored);
    seal_value(value_);
    put(Family::events, position, value_);
  }
  std::string key;
  put_id_key(key, event.project, event.id);
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
  return Ok{};
}

void IndexWriter::put(Family family, std::string_view key, std::string_view value) {
  const auto added = batch_.Put(database_[family], key, value);
  HANSARD_ASSERT(added.ok(), "a batch without a size limit takes every key");
}

void IndexWriter::end_run() {
  if (run_prefix_.empty()) return;
  put_be64(run_prefix_, run_.first_version.value);
  std::string value;
  put_run_value(value, run_);
  put(Family::streams, run_prefix_, value);
  run_prefix_.clear();
}

Status IndexWriter::write(bool sync) {
  end_run();
  rocksdb::WriteOptions options;
  options.sync = sync;
  const auto status = database_.db().Write(options, &batch_);
  batch_.Clear();
  if (!status.ok()) return translate(status, "writing events and their indexes");
  return Ok{};
}

}  // namespace hansard::rocks
