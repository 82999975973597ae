#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "events/erasure/state.h"
#include "events/session/commands.h"

/// What may be ordered about the content of a stream, and the rules for it.
namespace hansard::events {

/// Natural id: erasure_id.
struct RequestErasure : ErasureRequested {};
/// Says that it is done. Where that is on record nothing is written.
struct CompleteErasure : ContentErased {};
/// Placed while it stands already, it is the same hold.
struct PlaceHold : LegalHoldPlaced {};
/// Released when it has been released already, it is the same release.
struct ReleaseHold : LegalHoldReleased {};

struct ErasureCommand {
  CommandMeta meta;
  std::variant<RequestErasure, CompleteErasure, PlaceHold, ReleaseHold> step;
};

/// Erasures, and names of holds, of one stream.
inline constexpr std::size_t kStreamErasuresMax = 1000;
inline constexpr std::size_t kStreamHoldsMax = 100;

/// A `core::Decider`. Pure. Immutable, thread-safe.
class ErasureDecider {
 public:
  using State = ErasureState;
  using Command = ErasureCommand;

  /// Both references outlive the decider.
  ErasureDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher);

  [[nodiscard]] State initial() const { return {}; }
  /// Errors: those of the codec.
  [[nodiscard]] core::Result<State> evolve(State state, const core::RecordedEvent& event) const;
  /// Errors: invalid_argument (malformed); not_found (no such stream, hold or erasure); rejected (a
  /// hold stands, and is named; an erasure is under way); too_large (the bounds above).
  [[nodiscard]] core::Result<std::vector<core::NewEvent>> decide(const State& state,
                                                                 const core::ProjectId& project,
                                                                 const core::StreamId& stream,
                                                                 const Command& command) const;
  [[nodiscard]] std::size_t bytes(const State& state) const { return approximate_bytes(state); }

 private:
  const core::KeyedHash& keyed_hash_;
  const core::Hasher& hasher_;
};

/// `[a-z0-9_.-]{1,64}`: reasons, holds, ids of erasures and rules stand in facts, which are kept.
/// Errors: invalid_argument naming `field`.
core::Status check_erasure_word(std::string_view text, std::string_view field);

}  // namespace hansard::events
