#pragma once

#include <cstddef>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "events/session/codec.h"
#include "events/session/commands.h"
#include "events/session/state.h"

namespace hansard::events {

/// The rules of a session (a `core::Decider`). Pure: times, ids and randomness come in with the
/// command. Immutable, thread-safe.
///
/// - A natural id whose event is known: that event again and nothing else; the log answers
///   `duplicate` or `id_reused`. This holds after the end too.
/// - Typed commands other than CreateSession never create or reopen: `not_found` on a stream
/// without
///   events, `rejected` for anything new on an ended session, except scores, forks and attachments,
///   which say nothing more in the conversation.
/// - Contradictions are `rejected`: a message_id used by another message, an answer to a failed
///   attempt, a failure of an answered call, a tool result without a call.
/// - A fork does not see its parent's past, so it accepts references it cannot check when they are
///   explicit (message_id and index).
/// - `Record` rejects nothing: see there.
class SessionDecider {
 public:
  using State = SessionState;
  using Command = SessionCommand;

  /// Both references outlive the decider.
  SessionDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher,
                 SessionCodec codec = SessionCodec{});

  [[nodiscard]] State initial() const { return {}; }
  /// Errors: those of `SessionCodec::decode`.
  [[nodiscard]] core::Result<State> evolve(State state, const core::RecordedEvent& event) const;
  /// The records of one append, not yet sealed.
  /// Errors: invalid_argument (malformed: field names as in bodies; `steps[i].` in front for a
  /// Record), not_found, rejected, too_large.
  [[nodiscard]] core::Result<std::vector<core::NewEvent>> decide(const State& state,
                                                                 const core::ProjectId& project,
                                                                 const core::StreamId& stream,
                                                                 const Command& command) const;
  [[nodiscard]] std::size_t bytes(const State& state) const { return approximate_bytes(state); }

 private:
  const core::KeyedHash& keyed_hash_;
  const core::Hasher& hasher_;
  SessionCodec codec_;
};

}  // namespace hansard::events
