#pragma once

#include <cstdint>
#include <optional>

#include "events/session/facts.h"
#include "events/session/usage.h"

namespace hansard::projections {

/// Adds `call` to `sum`, class by class. A class stays absent until somebody has said something
/// about it: unknown is never 0.
void add_usage(events::Usage& sum, const events::Usage& call);

/// Tokens over all input (output) classes that are known; nothing when none is.
std::optional<std::uint64_t> input_tokens(const events::Usage& usage);
std::optional<std::uint64_t> output_tokens(const events::Usage& usage);

/// What happened in a session, in numbers. Derived from facts only, so it survives erasure.
struct SessionCounters {
  std::uint64_t messages = 0;       ///< MessageSent
  std::uint64_t responses = 0;      ///< ResponseReceived, every choice
  std::uint64_t calls = 0;          ///< outcomes: ResponseReceived choice 0, or ResponseFailed
  std::uint64_t failures = 0;       ///< ResponseFailed
  std::uint64_t tool_calls = 0;     ///< ToolCalled
  std::uint64_t tool_failures = 0;  ///< ToolFailed
  std::uint64_t forks = 0;          ///< SessionForked: branches that left here
  std::uint64_t scores = 0;         ///< ScoreRecorded
  std::uint64_t calls_without_usage = 0;  ///< of `calls`, those that `tokens` knows nothing of
  events::Usage tokens;                   ///< sums by class over the other calls
  bool operator==(const SessionCounters&) const = default;
};

/// Adds what one event says. `Sessions` does the same from raw facts.
void count_event(SessionCounters& counters, const events::SessionEvent& event);

}  // namespace hansard::projections
