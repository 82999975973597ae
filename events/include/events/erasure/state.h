#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/event.h"
#include "events/erasure/facts.h"

namespace hansard::events {

/// One erasure, as its stream tells it.
struct StreamErasure {
  ErasureRequested asked;
  core::Version requested{};  ///< of its ErasureRequested: content below it is concerned
  std::optional<std::uint64_t> events_erased;  ///< told by ContentErased; absent: under way
};

/// A name that may stand on the stream several times, one after another.
struct StreamHold {
  std::uint32_t placed = 0;  ///< times
  std::string reason;        ///< of the last placing
  bool standing = false;
};

/// What was ordered about the content of one stream: the fold of it. A value.
struct ErasureState {
  std::uint64_t next_version = 0;  ///< of the stream; 0: there is none
  /// Of the last event of another vocabulary: what could be erased ends with it.
  std::optional<core::Version> last_said;
  std::map<std::string, StreamErasure, std::less<>> erasures;  ///< by id
  std::map<std::string, StreamHold, std::less<>> holds;        ///< by name

  /// The first by name; empty: none stands.
  [[nodiscard]] std::string_view standing_hold() const;
  /// The first by id; empty: none is under way.
  [[nodiscard]] std::string_view pending_erasure() const;
};

/// What `event` leaves behind. Accepts everything, in any order.
ErasureState after(ErasureState state, const core::RecordedEvent& recorded,
                   const ErasureEvent& event);

std::size_t approximate_bytes(const ErasureState& state);

}  // namespace hansard::events
