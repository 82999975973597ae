#include "core/in_memory_event_log.h"

#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/sequencer.h"
#include "core/subscribers.h"

namespace hansard::core {
namespace {

/// Stored bytes are never changed, only replaced, so a reader keeps what it has without a lock.
using StoredBytes = std::shared_ptr<const std::string>;

/// Events handed to a reader at a time: the lock is taken once per chunk, never while a sink runs.
constexpr std::size_t kReadChunk = 128;

}  // namespace

struct InMemoryEventLog::Impl final : public SequencerIndex, public Tree {
  Impl(const Hasher& hash, const EventEquivalence& same)
      : hasher(hash), equivalence(same), edge(hash) {}

  const Hasher& hasher;
  const EventEquivalence& equivalence;

  mutable std::shared_mutex mutex;  // guards everything up to `visible`
  SequencerState state;
  std::vector<StoredBytes> events;  // by position
  std::map<StreamKey, std::vector<Position>> streams;
  std::map<std::string, std::unordered_map<EventId, Position>> ids;  // by project
  MerkleEdge edge;
  std::map<std::pair<std::uint8_t, std::uint64_t>, std::vector<Hash>> tiles;  // full ones
  std::atomic<std::uint64_t> visible{0};
  Subscribers subscribers;

  // Called by `sequence` while `append` holds the lock.
  Result<std::optional<Version>> head(const StreamKey& stream) const override {
    const auto found = streams.find(stream);
    if (found == streams.end()) return std::optional<Version>{};
    return std::optional<Version>{Version{found->second.size() - 1}};
  }
  Result<std::optional<OwnedEvent>> find(const ProjectId& project,
                                         const EventId& id) const override {
    const auto position = position_of(project, id);
    if (!position) return std::optional<OwnedEvent>{};
    auto event = OwnedEvent::decode(*events[position->value]);
    if (!event) return event.error();
    return std::optional<OwnedEvent>{*std::move(event)};
  }

  std::optional<Position> position_of(const ProjectId& project, const EventId& id) const {
    const auto in_project = ids.find(project.text());
    if (in_project == ids.end()) return {};
    const auto found = in_project->second.find(id);
    if (found == in_project->second.end()) return {};
    return found->second;
  }

  TreeHead head() const override {
    const std::shared_lock lock(mutex);
    return edge.head();
  }
  Result<std::vector<Hash>> entries(std::uint8_t level, std::uint64_t index,
                                    std::uint64_t count) const override {
    const std::shared_lock lock(mutex);
    const std::uint64_t has = tile_entries(edge.size(), level, index);
    if (count == 0 || count > has) {
      return Error{Errc::invalid_argument,
                   "Merkle tile " + std::to_string(index) + " of level " + std::to_string(level) +
                       " has " + std::to_string(has) + " hashes, not " + std::to_string(count)};
    }
    const auto stored = tiles.find({level, index});
    const std::span<const Hash> hashes =
        stored == tiles.end() ? edge.partial(level) : std::span<const Hash>(stored->second);
    return std::vector<Hash>(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(count));
  }

  void write(const AppendRequest& request, const SequencedRecord& record) {
    const NewEvent& event = *record.event;
    std::string bytes;
    encode_event(event, request.project, request.actor, record.placement, bytes);
    const std::string_view header = std::string_view(bytes).substr(0, event_header_bytes(bytes));
    std::vector<FullTile> full;
    edge.append(leaf_hash(header, event.facts_hash, event.content_commitment, hasher), full);
    for (FullTile& tile : full) tiles[{tile.level, tile.index}] = std::move(tile.hashes);
    events.push_back(std::make_shared<const std::string>(std::move(bytes)));
    streams[{request.project.text(), event.stream.text()}].push_back(record.placement.position);
    ids[request.project.text()].emplace(event.id, record.placement.position);
  }

  Result<Receipt> commit(const AppendRequest& request) {
    if (auto status = validate(request); !status) return status.error();
    const std::unique_lock lock(mutex);
    auto sequenced = sequence(state, *this, equivalence, request);
    if (!sequenced) return sequenced.error();
    for (const SequencedRecord& record : sequenced->writes) write(request, record);
    visible.store(state.next.value, std::memory_order_release);
    return std::move(sequenced->receipt);
  }
};

InMemoryEventLog::InMemoryEventLog(const Hasher& hasher, const EventEquivalence& equivalence)
    : impl_(std::make_unique<Impl>(hasher, equivalence)) {}
InMemoryEventLog::~InMemoryEventLog() = default;

void InMemoryEventLog::append(AppendRequest request, AppendDone done) {
  auto receipt = impl_->commit(request);
  if (receipt && !receipt->duplicate()) impl_->subscribers.notify(end());
  done(std::move(receipt));
}

Position InMemoryEventLog::end() const {
  return Position{impl_->visible.load(std::memory_order_acquire)};
}

Result<Position> InMemoryEventLog::read(Position from, const EventSink& sink) const {
  std::vector<StoredBytes> chunk;
  while (true) {
    chunk.clear();
    {
      const std::shared_lock lock(impl_->mutex);
      for (std::uint64_t at = from.value; at < impl_->events.size() && chunk.size() < kReadChunk;
           ++at) {
        chunk.push_back(impl_->events[at]);
      }
    }
    if (chunk.empty()) return from;
    for (const StoredBytes& bytes : chunk) {
      const auto event = decode_event(*bytes);
      if (!event) return event.error();
      ++from.value;
      if (!sink(*event)) return from;
    }
  }
}

Result<Version> InMemoryEventLog::read_stream(const ProjectId& project, const StreamId& stream,
                                              Version from, const EventSink& sink) const {
  const StreamKey key{project.text(), stream.text()};
  std::vector<StoredBytes> chunk;
  while (true) {
    chunk.clear();
    {
      const std::shared_lock lock(impl_->mutex);
      const auto found = impl_->streams.find(key);
      if (found == impl_->streams.end()) return from;
      for (std::uint64_t at = from.value; at < found->second.size() && chunk.size() < kReadChunk;
           ++at) {
        chunk.push_back(impl_->events[found->second[at].value]);
      }
    }
    if (chunk.empty()) return from;
    for (const StoredBytes& bytes : chunk) {
      const auto event = decode_event(*bytes);
      if (!event) return event.error();
      ++from.value;
      if (!sink(*event)) return from;
    }
  }
}

Result<std::optional<Version>> InMemoryEventLog::head(const ProjectId& project,
                                                      const StreamId& stream) const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->head(StreamKey{project.text(), stream.text()});
}

Result<std::optional<Position>> InMemoryEventLog::find(const ProjectId& project,
                                                       const EventId& id) const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->position_of(project, id);
}

TreeHead InMemoryEventLog::tree() const { return impl_->head(); }

const Tree& InMemoryEventLog::hashes() const { return *impl_; }

std::unique_ptr<Subscription> InMemoryEventLog::subscribe(
    std::function<void(Position end)> advanced) {
  return impl_->subscribers.add(std::move(advanced));
}

Status InMemoryEventLog::erase(Position position) {
  const std::unique_lock lock(impl_->mutex);
  if (position.value >= impl_->events.size()) {
    return Error{Errc::not_found,
                 "there is no event at position " + std::to_string(position.value)};
  }
  StoredBytes& stored = impl_->events[position.value];
  const auto event = decode_event(*stored);
  if (!event) return event.error();
  stored = std::make_shared<const std::string>(erase_content(*event, impl_->hasher));
  return Ok{};
}

}  // namespace hansard::core
