#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "events/assignment/state.h"
#include "events/session/commands.h"

/// What can be asked of a unit of an experiment, and the rules for it.
namespace hansard::events {

/// The unit met its variant in an application that calls models itself. Where it is on record
/// already with that variant nothing is written.
struct ExposeUnit : VariantAssigned {};

/// Something came of it.
struct RecordOutcome : OutcomeRecorded {};

struct AssignmentCommand {
  CommandMeta meta;
  std::variant<ExposeUnit, RecordOutcome> step;
};

/// Events of one unit's stream. A unit with more is no unit.
inline constexpr std::uint64_t kUnitEventsMax = 10'000;

/// A `core::Decider`. Pure. Immutable, thread-safe.
class AssignmentDecider {
 public:
  using State = AssignmentState;
  using Command = AssignmentCommand;

  /// Both references outlive the decider.
  AssignmentDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher);

  [[nodiscard]] State initial() const { return {}; }
  /// Errors: those of the codec.
  [[nodiscard]] core::Result<State> evolve(State state, const core::RecordedEvent& event) const;
  /// Errors: invalid_argument (malformed); not_found (an outcome of a unit that was not exposed);
  /// rejected (another variant is on record; a revision that skips one); too_large
  /// (kUnitEventsMax).
  [[nodiscard]] core::Result<std::vector<core::NewEvent>> decide(const State& state,
                                                                 const core::ProjectId& project,
                                                                 const core::StreamId& stream,
                                                                 const Command& command) const;
  [[nodiscard]] std::size_t bytes(const State& state) const { return approximate_bytes(state); }

 private:
  const core::KeyedHash& keyed_hash_;
  const core::Hasher& hasher_;
};

}  // namespace hansard::events
