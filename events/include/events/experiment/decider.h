#pragma once

#include <cstddef>
#include <vector>

#include "core/event.h"
#include "core/hash.h"
#include "events/experiment/commands.h"
#include "events/experiment/state.h"

namespace hansard::events {

/// The rules of an experiment (a `core::Decider`). Pure. Immutable, thread-safe.
///
/// - A known step again is that event again: creating, starting what runs, pausing what is paused,
///   spreading units as they are spread, ending what has ended in the same way.
/// - While it runs, each prompt that variants name says that this experiment decides for it
///   (`PromptTrialStarted` and `PromptTrialEnded`, in the same append): one experiment a prompt.
/// - Planned, it can only be started or stopped; over, nothing more happens to it.
class ExperimentDecider {
 public:
  using State = ExperimentState;
  using Command = ExperimentCommand;

  /// Both references outlive the decider.
  ExperimentDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher);

  [[nodiscard]] State initial() const { return {}; }
  /// Errors: those of the codec.
  [[nodiscard]] core::Result<State> evolve(State state, const core::RecordedEvent& event) const;
  /// The records of one append, over the experiment's stream and those of its prompts.
  /// Errors: invalid_argument (malformed); not_found (no such experiment); rejected (a rule says
  /// no: status, a missing or deleted prompt version, another experiment on a prompt, a second
  /// winner); id_reused (another plan under the name: `field` is the first that differs).
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
