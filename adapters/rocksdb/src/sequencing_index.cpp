#include "sequencing_index.h"

#include <limits>

#include "reading.h"

namespace hansard::rocks {

core::Result<std::optional<core::Version>> SequencingIndex::head(
    const core::StreamKey& stream) const {
  key_.clear();
  put_stream_prefix(key_, stream.project, stream.stream);
  if (const auto known = heads_.get(key_)) return *known;
  constexpr core::Position kAll{std::numeric_limits<std::uint64_t>::max()};
  const auto run = last_run(*database_, key_, kAll);
  if (!run) return run.error();
  std::optional<core::Version> version;
  if (*run) version = core::Version{(*run)->first_version.value + (*run)->count - 1};
  heads_.put(key_, version, true);
  return version;
}

core::Result<std::optional<core::OwnedEvent>> SequencingIndex::find(const core::ProjectId& project,
                                                                    const core::EventId& id) const {
  using Found = std::optional<core::OwnedEvent>;
  key_.clear();
  put_id_key(key_, project.text(), id);
  if (auto found = group_.find(key_); !found || *found) return found;
  const auto position = find_id(*database_, project.text(), id);
  if (!position) return position.error();
  if (!*position) return Found{};
  rocksdb::PinnableSlice value;
  const auto event = read_event(*database_, **position, value);
  if (!event) return event.error();
  if (event->id != id || event->project != project.text()) {
    return core::Error{core::Errc::corruption, "position " + std::to_string((*position)->value) +
                                                   " does not hold event " + core::to_string(id) +
                                                   ", as the index says"};
  }
  auto owned = core::OwnedEvent::decode(
      read_as_.hides(*event) ? core::erase_content(*event, *read_as_.hasher)
                             : std::string(value.data(), value.size() - kChecksumBytes));
  if (!owned) return owned.error();
  return Found{*std::move(owned)};
}

void SequencingIndex::wrote(const core::ProjectId& project,
                            const std::vector<core::SequencedRecord>& writes) {
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const core::StreamId& stream = writes[i].event->stream;
    if (i + 1 < writes.size() && writes[i + 1].event->stream == stream) continue;
    key_.clear();
    put_stream_prefix(key_, project.text(), stream.text());
    heads_.put(key_, writes[i].placement.version, false);
  }
}

}  // namespace hansard::rocks
