#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>

#include "core/event.h"
#include "core/ids.h"
#include "events/assignment/facts.h"

namespace hansard::events {

/// One unit in one experiment: the fold of its stream. A value.
struct AssignmentState {
  std::uint64_t next_version = 0;  ///< of the stream; 0: the unit was never exposed
  std::string experiment;
  std::string variant;  ///< empty: the stream does not begin as it should
  /// Latest revision by outcome_id.
  std::map<std::string, std::uint32_t, std::less<>> revisions;
  std::unordered_set<core::EventId> ids;

  [[nodiscard]] bool exposed() const { return !variant.empty(); }
};

/// What `event` leaves behind. Accepts everything, in any order.
AssignmentState after(AssignmentState state, const core::RecordedEvent& recorded,
                      const AssignmentEvent& event);

std::size_t approximate_bytes(const AssignmentState& state);

}  // namespace hansard::events
