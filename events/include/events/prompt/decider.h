#pragma once

#include <cstddef>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "events/prompt/commands.h"
#include "events/prompt/state.h"

namespace hansard::events {

// Bounds of one prompt: all of it is held in memory by whoever asks for it.
inline constexpr std::size_t kPromptVersionsMax = 10'000;
inline constexpr std::size_t kPromptMovesMax = 100'000;
inline constexpr std::size_t kPromptStreamBytesMax = std::size_t{64} << 20;  ///< of its versions

/// The rules of a prompt (a `core::Decider`). Pure: times, ids and randomness come in with the
/// command. Immutable, thread-safe.
///
/// - A version never changes, and its name is never used for anything else.
/// - What labels and trials name is there: it can be neither missing nor deleted.
/// - A command other than StoreVersion on a prompt that does not exist is `not_found`.
///
/// Others that write on a prompt's stream in an append of their own (an experiment that starts, or
/// declares a winner) decide here too, and add the check that the stream is where they saw it.
class PromptDecider {
 public:
  using State = PromptState;
  using Command = PromptCommand;

  /// Both references outlive the decider.
  PromptDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher)
      : keyed_hash_(keyed_hash), hasher_(hasher) {}

  [[nodiscard]] State initial() const { return {}; }
  /// Errors: those of `PromptCodec::decode`.
  [[nodiscard]] core::Result<State> evolve(State state, const core::RecordedEvent& event) const;
  /// The records of one append, not yet sealed; none where there is nothing to do.
  /// Errors: invalid_argument (malformed: field names as in bodies), not_found, rejected,
  /// too_large.
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
