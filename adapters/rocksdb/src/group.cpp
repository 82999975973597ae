#include "group.h"

#include "core/event_bytes.h"
#include "status.h"

namespace hansard::rocks {
namespace {

/// A batch that one large append has blown up is not kept for the next group.
constexpr std::size_t kKeptBatchBytes = 16U << 20;

}  // namespace

void PendingIds::add(std::uint64_t hash, const Place& place) {
  if (2 * (count_ + 1) > slots_.size()) {
    std::vector<Slot> old(slots_.empty() ? 512 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.place.bytes != 0) insert(slot);
    }
  }
  insert({hash, place});
  ++count_;
}

void PendingIds::insert(const Slot& slot) {
  std::size_t i = slot.hash & mask();
  while (slots_[i].place.bytes != 0) i = (i + 1) & mask();
  slots_[i] = slot;
}

void PendingIds::clear() {
  if (count_ != 0) slots_.assign(slots_.size(), Slot{});
  count_ = 0;
}

void Group::begin(core::Position first) {
  HANSARD_ASSERT(!open_ && answers_.empty(), "one group after the other");
  open_ = true;
  first_ = first;
}

void Group::close() {
  HANSARD_ASSERT(answers_.empty(), "whoever waits was taken over before");
  open_ = false;
  events_ = 0;
  requests_ = 0;
  if (batch_.GetDataSize() > kKeptBatchBytes) {
    batch_ = rocksdb::WriteBatch();
  } else {
    batch_.Clear();
  }
  ids_.clear();
  run_prefix_.clear();
}

void Group::put(const Database& database, Family family, std::string_view key,
                std::string_view value) {
  const auto status = batch_.Put(database[family], key, value);
  HANSARD_ASSERT(status.ok(), "a batch without a size limit takes every key");
}

void Group::add(const Database& database, const core::Hasher& hasher, core::MerkleEdge& edge,
                const core::AppendRequest& request,
                const std::vector<core::SequencedRecord>& writes) {
  ++requests_;
  const std::string& project = request.project.text();
  for (const core::SequencedRecord& record : writes) {
    const core::NewEvent& event = *record.event;
    value_.clear();
    core::encode_event(event, request.project, request.actor, record.placement, value_);
    const auto header = std::string_view(value_).substr(0, core::event_header_bytes(value_));
    edge.append(core::leaf_hash(header, event.facts_hash, event.content_commitment, hasher),
                tiles_);
    seal_value(value_);
    const auto position_key = event_key(record.placement.position);
    const std::string_view position(position_key.data(), position_key.size());
    put(database, Family::events, position, value_);

    const std::size_t batch_bytes = batch_.GetDataSize();  // the value is the last thing in it
    key_.clear();
    put_id_key(key_, project, event.id);
    ids_.add(checksum(key_), {batch_bytes - value_.size(), value_.size()});
    put(database, Family::ids, key_, position);
    extend_run(database, project, record);
    ++events_;
  }
  for (const core::FullTile& tile : tiles_) {
    value_.clear();
    for (const core::Hash& hash : tile.hashes) value_ += core::as_bytes(hash);
    put(database, Family::merkle, tile_key(tile.level, tile.index), value_);
  }
  tiles_.clear();
}

void Group::extend_run(const Database& database, std::string_view project,
                       const core::SequencedRecord& record) {
  key_.clear();
  put_stream_prefix(key_, project, record.event->stream.text());
  const bool continues = key_ == run_prefix_ &&
                         record.placement.version.value == run_.first_version.value + run_.count &&
                         record.placement.position.value == run_.first_position.value + run_.count;
  if (!continues) {
    flush_run(database);
    run_prefix_.swap(key_);
    run_ = {record.placement.version, record.placement.position, 0};
  }
  ++run_.count;
}

void Group::flush_run(const Database& database) {
  if (run_prefix_.empty()) return;
  put_be64(run_prefix_, run_.first_version.value);
  std::string value;  // 12 bytes: no allocation
  put_run_value(value, run_);
  put(database, Family::streams, run_prefix_, value);
  run_prefix_.clear();
}

core::Result<std::optional<core::OwnedEvent>> Group::find(std::string_view id_key) const {
  using Found = std::optional<core::OwnedEvent>;
  const auto wanted = parse_id_key(id_key);
  HANSARD_ASSERT(wanted, "the key was made by put_id_key");
  core::Result<Found> found = Found{};
  const std::string_view batch(batch_.Data());
  ids_.find(checksum(id_key), [&](const PendingIds::Place& place) {
    const auto bytes = open_value(batch.substr(place.offset, place.bytes));
    if (!bytes) {
      found = core::Error{core::Errc::corruption, "an event waiting to be written was damaged"};
      return true;
    }
    auto event = core::OwnedEvent::decode(std::string(*bytes));
    if (!event) {
      found = event.error();
      return true;
    }
    if (event->event().id != wanted->id || event->event().project != wanted->project) return false;
    found = Found{*std::move(event)};
    return true;
  });
  return found;
}

}  // namespace hansard::rocks
