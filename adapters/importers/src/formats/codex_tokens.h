#pragma once

#include <optional>

#include "events/dialects/openai/responses.h"
#include "events/json.h"
#include "formats/session_flow.h"

namespace hansard::importers {

/// Counters as Codex writes them; nothing when `json` has none.
std::optional<events::openai::TokenCounts> codex_counts(const events::Json* json);

/// What was used between two cumulative counts: their difference, or all of `now` where a counter
/// fell and so began anew.
events::openai::TokenCounts codex_growth(const events::openai::TokenCounts& before,
                                         const events::openai::TokenCounts& now);

/// Turns the cumulative counts of a rollout into the usage of single calls.
class CodexTokens {
 public:
  /// @param payload  of a `token_count` event.
  /// @return what was used since the last count; nothing when that is nothing.
  std::optional<CallUsage> read(const events::Json& payload);
  /// True when this payload is the same as the one before.
  [[nodiscard]] bool repeats(const events::Json& payload) const;

 private:
  events::openai::TokenCounts total_;
  events::Json last_;
};

}  // namespace hansard::importers
