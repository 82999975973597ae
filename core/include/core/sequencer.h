#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/event_bytes.h"
#include "core/event_log.h"
#include "core/merkle.h"

namespace hansard::core {

/// A stream within a project.
struct StreamKey {
  std::string project;
  std::string stream;
  auto operator<=>(const StreamKey&) const = default;
};

/// What is stored, or already sequenced and on its way to disk, as the sequencer needs it. The log
/// implements it over its indexes and its groups in flight.
class SequencerIndex {
 public:
  virtual ~SequencerIndex() = default;
  /// Version of the last event of a stream. Errors: unavailable, corruption.
  [[nodiscard]] virtual Result<std::optional<Version>> head(const StreamKey& stream) const = 0;
  /// The stored event with this id, decoded, or nothing. Errors: unavailable, corruption.
  [[nodiscard]] virtual Result<std::optional<OwnedEvent>> find(const ProjectId& project,
                                                               const EventId& id) const = 0;
};

/// The part of the state every append changes. Copyable: a failed group restores the copy.
struct SequencerState {
  Position next{};          ///< position of the next event
  Timestamp recorded_at{};  ///< of the last event
};

/// One record with its place; `event` points into the request.
struct SequencedRecord {
  const NewEvent* event = nullptr;
  Placement placement;
};

/// A decided append: what to write (empty for a full duplicate), and the receipt to give once
/// durable.
struct Sequenced {
  std::vector<SequencedRecord> writes;
  Receipt receipt;
};

/// Form of an append alone, without any state: counts, sizes, types, repeated ids. May run on the
/// submitting thread. Errors: invalid_argument (names `records[i].field`), too_large, internal (a
/// record without salt or not sealed).
Status validate(const AppendRequest& request);

/// Decides one append. A pure function of (state, index, request): no clock, no randomness. On
/// success `state` has moved past the writes; on an error it is untouched.
/// @pre validate(request) passed.
/// Errors: id_reused, partial_duplicate, version_conflict, and what `index` reports.
Result<Sequenced> sequence(SequencerState& state, const SequencerIndex& index,
                           const EventEquivalence& equivalence, const AppendRequest& request);

}  // namespace hansard::core
